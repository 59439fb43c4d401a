import { dirname, join } from 'node:path'
import { type Import, importsOf } from './imports.ts'
import { BELOW_TESTING, CLIENTS, type Door, PACKAGES, PURE, PURE_MAY_USE, SHELLS_IN_PURE } from './table.ts'
import type { Member } from './workspace.ts'

const SCOPE = '@agentloom/'
/** What the root package.json gives to all: the test runner. */
const ROOT_TOOLS = ['vitest']

/** Compares manifests and imports with the table. One line for each wrong turn: where, what, why. */
export function wrongTurns(members: readonly Member[]): string[] {
  const exportsOf = new Map(members.map(({ manifest }) => [manifest.name, Object.keys(manifest.exports)]))
  return members.flatMap((member) => [
    ...unknownRoom(member),
    ...wrongDependencies(member),
    ...member.files.flatMap(({ path, text }) =>
      importsOf(text).flatMap((found) => {
        const reason = wrongImport(member, path, found, exportsOf)
        return reason === null ? [] : [`${path}:${found.line} imports ${found.specifier}: ${reason}`]
      }),
    ),
  ])
}

function unknownRoom({ folder, manifest }: Member): string[] {
  const room = folder.split('/')[1]
  if (folder.startsWith('packages/') && !PACKAGES.has(room ?? ''))
    return [`${folder}: the table does not know this room`]
  if (room !== undefined && manifest.name !== SCOPE + room)
    return [`${folder}: is called ${manifest.name}, not ${SCOPE}${room}`]
  return []
}

function wrongDependencies(member: Member): string[] {
  const { folder, manifest } = member
  const wrong = (field: string, names: string[], isForTests: boolean) =>
    names.flatMap((name) => {
      const reason = clientReason(folder, name) ?? roomReason(member, name, isForTests)
      return reason === null ? [] : [`${folder}/package.json ${field} names ${name}: ${reason}`]
    })
  return [
    ...wrong('dependencies', Object.keys(manifest.dependencies), false),
    ...wrong('devDependencies', Object.keys(manifest.devDependencies), true),
  ]
}

function roomReason(member: Member, name: string, isForTests: boolean): string | null {
  if (!name.startsWith(SCOPE)) return null
  const doors = doorsOf(member, isForTests)
  return doors === null || doors.some((door) => SCOPE + door.room === name) ? null : notInRow(member, doors)
}

function clientReason(folder: string, name: string): string | null {
  const owners = CLIENTS.get(name)
  return owners === undefined || owners.includes(folder) ? null : `only ${owners.join(', ')} may`
}

/** Of the repository, which is no package and has no front door: another configuration may build on it. */
const ROOT_CONFIGURATION = 'vitest.config.ts'

function wrongImport(
  member: Member,
  path: string,
  found: Import,
  exportsOf: ReadonlyMap<string, readonly string[]>,
): string | null {
  const { folder, manifest } = member
  const { specifier } = found
  const isTest = isTestFile(folder, path)
  if (specifier.startsWith('.')) {
    const target = join(dirname(path), specifier)
    if (target === ROOT_CONFIGURATION) return null
    return target.startsWith(`${folder}/`) ? null : 'leaves its package by path; go in through the front door'
  }
  if (specifier.startsWith('node:')) {
    const isShell = SHELLS_IN_PURE.some((shell) => path.startsWith(`${shell}/`))
    const isPure = PURE.some((pure) => path.startsWith(`${pure}/`)) && !isTest && !isShell
    return isPure && specifier !== PURE_MAY_USE ? 'this folder is pure' : null
  }
  const name = packageOf(specifier)
  const entry = name === specifier ? '.' : `.${specifier.slice(name.length)}`
  const client = clientReason(folder, name)
  if (client !== null) return client
  if (name === manifest.name) return exportsOf.get(name)?.includes(entry) ? null : 'no such front door'
  if (name.startsWith(SCOPE)) {
    const reason = wrongRoom(member, { name, entry, isTest, isTypeOnly: found.isTypeOnly })
    if (reason !== null) return reason
    if (!exportsOf.get(name)?.includes(entry)) return 'no such front door: a deep import'
  }
  const declared = {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...(isTest ? manifest.devDependencies : {}),
  }
  return name in declared || (isTest && ROOT_TOOLS.includes(name)) ? null : 'package.json does not declare it'
}

interface Turn {
  readonly name: string
  readonly entry: string
  readonly isTest: boolean
  readonly isTypeOnly: boolean
}

function wrongRoom(member: Member, { name, entry, isTest, isTypeOnly }: Turn): string | null {
  const doors = doorsOf(member, isTest)
  if (doors === null) return null
  const door = doors.find((one) => SCOPE + one.room === name)
  const isOpen = door?.entries.includes(entry) || (isTest && door !== undefined && entry === './testing')
  if (door === undefined || !isOpen) return notInRow(member, doors)
  return door.typesOnly && !isTypeOnly && !isTest ? `types only (import type)` : null
}

/** Null: every door is open (apps, tests, bench). */
function doorsOf({ folder }: Member, isForTests: boolean): readonly Door[] | null {
  if (!folder.startsWith('packages/')) return null
  const room = folder.slice('packages/'.length)
  const doors = PACKAGES.get(room) ?? []
  return isForTests && !BELOW_TESTING.includes(room) ? [...doors, { room: 'testing', entries: ['.'] }] : doors
}

function notInRow({ folder }: Member, doors: readonly Door[]): string {
  const open = doors.map(
    ({ room, entries, typesOnly }) => `${room} (${entries.join(', ')}${typesOnly ? ', types only' : ''})`,
  )
  return `${folder} may import ${open.length === 0 ? 'no room' : open.join(', ')}`
}

function isTestFile(folder: string, path: string): boolean {
  return folder === 'tests' || folder === 'bench' || path.endsWith('.test.ts') || path.endsWith('.fixture.ts')
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
