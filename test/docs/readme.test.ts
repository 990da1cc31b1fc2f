import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** A folder as a reader may have it: the sample, and films of his own. */
const work = path.join(root, 'test/.media/readme')

// The command's README shows the command.
const packages = readdirSync(path.join(root, 'packages')).filter(
  name => name !== 'cli' && existsSync(path.join(root, 'packages', name, 'package.json')),
)
const readmes = ['README.md', ...packages.map(name => `packages/${name}/README.md`)]

/** The first TypeScript or JavaScript of a document. */
function firstCode(document: string): string | undefined {
  return /```(?:ts|js|typescript|javascript)\n([\s\S]*?)```/.exec(readFileSync(path.join(root, document), 'utf8'))?.[1]
}

beforeAll(() => {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  cpSync(path.join(root, 'sample'), path.join(work, 'sample'), { recursive: true })
  for (const extension of ['mkv', 'mp4']) {
    cpSync(path.join(root, `sample/cuemux-sample.${extension}`), path.join(work, `film.${extension}`))
  }
  const remux = ['-v', 'error', '-i', 'film.mkv', '-c', 'copy', 'recording.ts']
  execFileSync('ffmpeg', remux, { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] })
  process.chdir(work)
})
afterAll(() => process.chdir(root))
afterEach(() => {
  vi.restoreAllMocks()
})

describe("a README's first lines of code run", () => {
  test.each(readmes)('%s', async document => {
    const code = firstCode(document)
    expect(code).toBeDefined()
    const file = path.join(work, `${document.replace(/\W+/g, '-')}.ts`)
    writeFileSync(file, code ?? '')
    vi.spyOn(console, 'log').mockImplementation(() => {})
    await import(/* @vite-ignore */ file)
  })
})
