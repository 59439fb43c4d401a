import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Pages whose links and anchors are checked. */
export function pagesOf(root: string): ReadonlyMap<string, string> {
  const paths = globSync(['*.md', 'docs/**/*.md', '{packages,apps,examples}/*/README.md'], { cwd: root })
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** Relative targets, as written. */
export function linksOf(page: string): readonly string[] {
  const text = withoutCode(page)
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link))
}

/** Explicit anchors, and the headings as GitHub names them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const explicit = [...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = '']) => id)
  const headings = [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set([...explicit, ...headings])
}

/** Blocks of one language whose first line names their file: `// triage.ts`. */
export function filesIn(page: string, language: string): ReadonlyMap<string, string> {
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))
  return new Map(
    [...blocks].flatMap(([, text = '']) => {
      const name = /^(?:\/\/|#) ([\w-]+\.\w+)/.exec(text)?.[1]
      return name === undefined ? [] : [[name, text] as const]
    }),
  )
}

function withoutCode(page: string): string {
  return page.replaceAll(/^```.*?^```$/gms, '')
}
