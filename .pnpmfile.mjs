// What a published package.json must not carry: the condition by which this workspace runs its sources, which are not
// in the tarball.
export const hooks = {
  beforePacking(manifest) {
    for (const conditions of Object.values(manifest.exports ?? {})) delete conditions['agentloom-source']
    return manifest
  },
}
