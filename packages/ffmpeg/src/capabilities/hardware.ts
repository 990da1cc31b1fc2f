import { readdir, readFile } from 'node:fs/promises'
import { release } from 'node:os'
import process from 'node:process'
import { findInPath } from '../locate.js'
import type { Hardware, RenderDevice } from './model.js'
import { ask } from './run.js'

async function readLine(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split('\n', 1)[0]!.trim().slice(0, 500)
  } catch {
    return ''
  }
}

async function listRenderDevices(): Promise<readonly RenderDevice[]> {
  const names = await readdir('/dev/dri').catch(() => [])
  const nodes = names.filter(name => /^renderD\d+$/.test(name)).sort()
  return Promise.all(
    nodes.map(async name => ({
      path: `/dev/dri/${name}`,
      vendor: (await readLine(`/sys/class/drm/${name}/device/vendor`)).slice(0, 32),
    })),
  )
}

/** Of the first GPU, by NVIDIA's own tool. */
async function readComputeCapability(timeoutMs: number): Promise<number | undefined> {
  const binary = await findInPath('nvidia-smi')
  if (binary === undefined) return undefined
  const question = { binary, arguments: ['--query-gpu=compute_cap', '--format=csv,noheader'], timeoutMs }
  const answer = await ask(question).catch(() => undefined)
  const found = /^\s*(\d{1,2}\.\d)\s*$/m.exec(answer?.stdout ?? '')
  return found === null ? undefined : Number(found[1])
}

/** What identifies drivers and devices: cheap, read at each look into the cache. */
export async function readDriver(): Promise<Pick<Hardware, 'driver' | 'renderDevices'>> {
  const [nvidia, renderDevices] = await Promise.all([readLine('/proc/driver/nvidia/version'), listRenderDevices()])
  const parts = [
    `${process.platform} ${release()}`,
    nvidia,
    ...renderDevices.map(device => Object.values(device).join(' ')),
  ]
  return { driver: parts.filter(part => part !== '').join('; '), renderDevices }
}

/** The whole of it. */
export async function readHardware(timeoutMs: number): Promise<Hardware> {
  const [driver, computeCapability] = await Promise.all([readDriver(), readComputeCapability(timeoutMs)])
  return { ...driver, computeCapability }
}
