import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

/** What the figures depend on: the kind of machine, without a name, and the versions. */
export function describeMachine() {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const processors = cpus()
  return {
    machine: {
      platform: `${process.platform} ${process.arch}`,
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    versions: {
      node: process.versions.node,
      v8: process.versions.v8,
      ffmpeg: ffmpegVersion(),
      cuemux: cuemuxVersion(),
      ...dependencies,
    },
  }
}

function ffmpegVersion() {
  try {
    return /version (\S+)/.exec(execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
}

function cuemuxVersion() {
  return JSON.parse(readFileSync(new URL('../../packages/cuemux/package.json', import.meta.url), 'utf8')).version
}
