import { readFile } from 'node:fs/promises'

/** This package's version, as its package.json has it. */
export async function readVersion(): Promise<string> {
  const json: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : 'unknown'
}
