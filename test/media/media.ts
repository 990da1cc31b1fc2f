import { createHash } from 'node:crypto'
import { copyFile, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { runOrThrow, runProgram } from '../support/process.js'
import { edits } from './edits.js'
import type { Recipe } from './recipe.js'
import { recipes } from './recipes.js'

const folder = fileURLToPath(new URL('../.media', import.meta.url))
const making = new Map<string, Promise<string>>()

/** A recipe and all that it is made from, as a hash: another recipe is another file. */
function fingerprint(name: string): string {
  const recipe = recipeOf(name)
  const parts = [name, JSON.stringify(recipe), ...(recipe.needs ?? []).map(fingerprint)]
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12)
}

function recipeOf(name: string): Recipe {
  const recipe = recipes[name]
  if (recipe === undefined) throw new Error(`no recipe for ${name}`)
  return recipe
}

/** Makes a test input where it is missing and gives its path. Kept between runs in `test/.media`. */
export function makeMedia(name: string): Promise<string> {
  const known = making.get(name)
  if (known !== undefined) return known
  const made = makeFile(name)
  making.set(name, made)
  return made
}

async function makeFile(name: string): Promise<string> {
  const { name: stem, ext } = path.parse(name)
  const file = path.join(folder, `${stem}.${fingerprint(name)}${ext}`)
  if ((await stat(file).catch(() => undefined))?.isFile()) return file
  await mkdir(folder, { recursive: true })
  // Test files run in processes of their own: each writes a file of its own, and the first is kept. It may be in use by then.
  const part = path.join(folder, `part-${process.pid}-${name}`)
  try {
    await cook(recipeOf(name), part)
    await link(part, file).catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(part, { force: true })
  }
  return file
}

async function cook(recipe: Recipe, out: string): Promise<void> {
  const inputs = new Map<string, string>()
  for (const need of recipe.needs ?? []) inputs.set(need, await makeMedia(need))
  const args = recipe.args.map(arg =>
    arg === 'OUT' ? out : arg.replaceAll(/IN\(([^()]*)\)/g, (_, need: string) => inputs.get(need) ?? need),
  )
  if (recipe.program === 'text') {
    await writeFile(out, recipe.args.join('\n'))
  } else if (recipe.program === 'ffmpeg') {
    await runOrThrow('ffmpeg', ['-hide_banner', '-v', 'error', '-nostdin', '-y', ...args])
  } else if (recipe.program === 'mkvmerge') {
    const { code, stdout } = await runProgram('mkvmerge', args)
    if (code !== 0 && code !== 1) throw new Error(`mkvmerge ${args.join(' ')}: ${stdout}`) // 1: made, with warnings
  } else if (recipe.program === 'mkvpropedit') {
    await copyFile(inputs.get(recipe.needs?.[0] ?? '') ?? '', out)
    await runOrThrow('mkvpropedit', args)
  } else {
    const [from = '', edit = '', value] = recipe.args
    const film = await readFile(inputs.get(from) ?? '')
    await writeFile(out, edits[edit]?.(film, Number(value)) ?? film)
  }
}
