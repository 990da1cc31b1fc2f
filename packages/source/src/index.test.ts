import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** Modules that a module imports, and those that they import. */
function importsOf(file: string, found: Set<string> = new Set()): Set<string> {
  const text = readFileSync(file, 'utf8')
  for (const [, name = ''] of text.matchAll(/(?:from|import) ?\(?'([^']+)'/g)) {
    if (found.has(name)) continue
    found.add(name)
    if (name.startsWith('./')) importsOf(join(dirname(file), name.replace(/\.js$/, '.ts')), found)
  }
  return found
}

test('the main entry runs in any JavaScript engine: nothing of Node is imported', () => {
  const folder = dirname(fileURLToPath(import.meta.url))
  const imported = [...importsOf(join(folder, 'index.ts'))]
  expect(imported.filter(name => !name.startsWith('./')).sort()).toEqual(['@cuemux/core', 'aws4fetch'])
  expect(imported).toContain('./http-transport.js')
})
