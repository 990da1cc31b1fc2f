import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeCapabilities, doctorReport } from './doctor.js'
import { measureCapabilities } from './measure.js'
import type { Capabilities } from './model.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-measure-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What a stand-in for ffmpeg answers, as cases of a shell's `case "$*" in`. */
const HONEST = `
  *-version*) echo 'ffmpeg version 9.9-stand-in Copyright' ;;
  *-encoders*) printf ' V....D libx264 x\\n V....D h264_nvenc x\\n A....D aac x\\n' ;;
  *-decoders*) printf ' V....D h264 x\\n' ;;
  *-filters*) printf ' ... scale x\\n ... zscale x\\n' ;;
  *-hwaccels*) printf 'Hardware acceleration methods:\\ncuda\\n' ;;`

async function standIn(cases: string): Promise<string> {
  const path = join(folder, 'ffmpeg')
  const count = `echo x >> '${join(folder, 'starts')}'`
  await writeFile(path, `#!/bin/sh\n${count}\ncase "$*" in${cases}\n  *) cat > /dev/null ;;\nesac\n`)
  await chmod(path, 0o755)
  return path
}

async function starts(): Promise<number> {
  return (await readFile(join(folder, 'starts'), 'utf8')).length / 2
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    reason => reason as unknown,
  )
  expect(error).toBeInstanceOf(CuemuxError)
  return (error as CuemuxError).describe().replaceAll(folder, '')
}

function told(capabilities: Capabilities, name: string): string {
  const trial = capabilities.trials.find(each => each.name === name)!
  return trial.works ? 'works' : trial.reason!
}

describe('the ffmpeg of this machine', () => {
  it('is measured', async () => {
    const found = await measureCapabilities('/usr/bin/ffmpeg')
    expect(found.version).toMatch(/^\d/)
    expect(found.encoders).toContain('libx264')
    expect(found.decoders).toEqual(expect.arrayContaining(['h264', 'hevc', 'eac3', 'dca']))
    expect(found.filters).toEqual(expect.arrayContaining(['scale', 'bwdif', 'zscale', 'tonemap', 'idet']))
    expect(found.hwaccels).toContain('cuda')
    for (const name of ['libx264', 'libx265', 'libsvtav1', 'aac', 'libopus']) expect(told(found, name)).toBe('works')
    expect(told(found, 'h264_nvenc')).toMatch(/^works$|^Cannot load libcuda\.so\.1$|NVENC|OpenEncodeSession|CUDA/)
    expect(told(found, 'h264_videotoolbox')).toBe('not built into this ffmpeg')
  })
})

describe('measureCapabilities', () => {
  it('measures once, and again when the binary is another', async () => {
    const ffmpeg = await standIn(HONEST)
    const [first, second] = await Promise.all([measureCapabilities(ffmpeg), measureCapabilities(ffmpeg)])
    expect(second).toBe(first)
    expect(first).toMatchObject({ version: '9.9-stand-in', filters: ['scale', 'zscale'], hwaccels: ['cuda'] })
    expect(['libx264', 'h264_nvenc', 'aac', 'libx265'].map(name => told(first, name))).toEqual([
      ...['works', 'works', 'works', 'not built into this ffmpeg'],
    ])
    const before = await starts()
    expect(before).toBe(8)
    await measureCapabilities(ffmpeg)
    expect(await starts()).toBe(before)
    await standIn(`${HONEST}\n  *h264_nvenc*) echo '[h264_nvenc @ 0x5] No capable devices found' >&2; exit 1 ;;`)
    expect(told(await measureCapabilities(ffmpeg), 'h264_nvenc')).toBe('No capable devices found')
  })
  it('gives an encoder that hangs its bound', async () => {
    const ffmpeg = await standIn(`${HONEST}\n  *h264_nvenc*) exec sleep 60 ;;`)
    const found = await measureCapabilities(ffmpeg, { trialTimeoutMs: 1500 })
    expect(told(found, 'h264_nvenc')).toBe('no frame within 1.5 s')
    expect(told(found, 'libx264')).toBe('works')
  })
  it.each([
    ['hangs at its listing', `\n  *-encoders*) exec sleep 60 ;;${HONEST}`, '-encoders did not answer within 1 s'],
    ['fails at its listing', `\n  *-filters*) exit 3 ;;${HONEST}`, '-filters ended with an error'],
    ['answers with garbage', "\n  *) printf '\\001\\377garbage' ;;", 'does not answer as ffmpeg does'],
    ['never stops to answer', '\n  *-version*) exec yes ;;', '-version ended with an error'],
  ])('says of one that %s what is wrong, and asks again', async (_, cases, message) => {
    const ffmpeg = await standIn(cases)
    expect(await failure(measureCapabilities(ffmpeg, { trialTimeoutMs: 1000 }))).toContain(
      `ENCODER_FAILED: /ffmpeg ${message}`,
    )
    const before = await starts()
    await failure(measureCapabilities(ffmpeg, { trialTimeoutMs: 1000 }))
    expect(await starts()).toBeGreaterThan(before)
  })
  it('takes garbage in a listing for nothing', async () => {
    const ffmpeg = await standIn(`\n  *-encoders*) printf '\\377\\376 V....\\000D' ;;${HONEST}`)
    const found = await measureCapabilities(ffmpeg)
    expect(found.encoders).toEqual([])
    expect(found.trials.every(({ works }) => !works)).toBe(true)
  })
  it('says of one that is missing or does not run that it is missing', async () => {
    expect(await failure(measureCapabilities(join(folder, 'none')))).toMatch(
      /^ENCODER_MISSING: \/none can't be looked at/,
    )
    const ffmpeg = await standIn(HONEST)
    await chmod(ffmpeg, 0o644)
    expect(await failure(measureCapabilities(ffmpeg))).toBe("ENCODER_MISSING: /ffmpeg can't be started: EACCES.")
  })
  it('lets a caller go, and finishes for the others', async () => {
    const ffmpeg = await standIn(HONEST)
    const controller = new AbortController()
    const impatient = measureCapabilities(ffmpeg, { signal: controller.signal })
    const patient = measureCapabilities(ffmpeg)
    controller.abort()
    expect(await failure(impatient)).toMatch(/^ABORTED/)
    expect((await patient).version).toBe('9.9-stand-in')
    expect(await failure(measureCapabilities(ffmpeg, { signal: controller.signal }))).toMatch(/^ABORTED/)
  })
  it('refuses options that are none', async () => {
    const wrong = { cacheFile: '', trialTimeoutMs: 0, timeout: 1 } as { cacheFile: string }
    const message = await failure(measureCapabilities('/usr/bin/ffmpeg', wrong))
    expect(message).toMatch(/^BAD_REQUEST: .*'cacheFile'.*'trialTimeoutMs'.*'timeout'/)
  })
})

describe('the file', () => {
  /** The same binary as a process that never saw it would have it: memory goes by size and time. */
  async function asNew(cases: string): Promise<string> {
    return standIn(`${cases}\n# ${Math.random()}`)
  }

  it('is written in one piece, for its owner alone, and read by the next process', async () => {
    const cacheFile = join(folder, 'deep', 'capabilities.json')
    const found = await measureCapabilities(await asNew(HONEST), { cacheFile })
    expect(await readdir(join(folder, 'deep'))).toEqual(['capabilities.json'])
    expect((await stat(cacheFile)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(cacheFile, 'utf8'))).toEqual(
      JSON.parse(JSON.stringify({ format: 1, capabilities: found })),
    )
  })
  it.each([
    ['is for another binary', (text: string) => text],
    ['is of another format', (text: string) => text.replace('"format":1', '"format":2')],
    ['is cut', (text: string) => text.slice(0, -5)],
    ['has a name in it that is none', (text: string) => text.replace('"h264_nvenc"', '"; rm -rf"')],
    ['is no object', () => '[]'],
    ['is very large', () => `"${' '.repeat(2 ** 20)}"`],
  ])('is written anew where it %s', async (_, change) => {
    const cacheFile = join(folder, 'capabilities.json')
    await measureCapabilities(await asNew(HONEST), { cacheFile })
    await writeFile(cacheFile, change(await readFile(cacheFile, 'utf8')))
    const found = await measureCapabilities(await asNew(HONEST), { cacheFile })
    expect(JSON.parse(await readFile(cacheFile, 'utf8')).capabilities.binary).toEqual(found.binary)
  })
  it('does not keep what a slow moment can explain', async () => {
    const cacheFile = join(folder, 'capabilities.json')
    const ffmpeg = await asNew(`${HONEST}\n  *h264_nvenc*) exec sleep 60 ;;`)
    await measureCapabilities(ffmpeg, { cacheFile, trialTimeoutMs: 1000 })
    expect(await readdir(folder)).not.toContain('capabilities.json')
  })
  it('need not be writable', async () => {
    const found = await measureCapabilities(await asNew(HONEST), {
      cacheFile: join(folder, 'ffmpeg', 'capabilities.json'),
    })
    expect(found.version).toBe('9.9-stand-in')
  })
})

describe('doctorReport', () => {
  it('shows what works, why not, and what would help', async () => {
    const nvenc = "\n  *h264_nvenc*) echo '[h264_nvenc @ 0x5] Cannot load libcuda.so.1' >&2; exit 1 ;;"
    const capabilities = await measureCapabilities(await standIn(HONEST + nvenc))
    const { canEncode, rows } = describeCapabilities(capabilities, undefined, 'linux')
    expect(canEncode).toBe(true)
    const text = rows.map(
      row => `${row.group} ${row.name}: ${row.status}, ${row.detail}${row.remedy ? ` > ${row.remedy}` : ''}`,
    )
    expect(text.join('\n').replaceAll(folder, '')).toMatchInlineSnapshot(`
      "ffmpeg ffmpeg: works, 9.9-stand-in at /ffmpeg
      ffmpeg ffprobe: missing, not beside ffmpeg > Take a full build of ffmpeg: the package of a distribution has it.
      hardware GPU: missing, none found; the processor encodes
      hardware hwaccels: works, cuda
      encoders h264_nvenc: fails, Cannot load libcuda.so.1 > It needs NVIDIA's driver (470 or later); in a container also its toolkit, with NVIDIA_DRIVER_CAPABILITIES=video,compute,utility.
      encoders h264_vaapi: missing, not built into this ffmpeg
      encoders h264_qsv: missing, not built into this ffmpeg
      encoders libx264: works, made a frame
      encoders hevc_nvenc: missing, not built into this ffmpeg
      encoders hevc_vaapi: missing, not built into this ffmpeg
      encoders hevc_qsv: missing, not built into this ffmpeg
      encoders libx265: missing, not built into this ffmpeg > An ffmpeg that is built with libx265.
      encoders av1_nvenc: missing, not built into this ffmpeg
      encoders av1_vaapi: missing, not built into this ffmpeg
      encoders av1_qsv: missing, not built into this ffmpeg
      encoders libsvtav1: missing, not built into this ffmpeg > An ffmpeg that is built with libsvtav1.
      encoders libaom-av1: missing, not built into this ffmpeg > An ffmpeg that is built with libaom-av1.
      encoders aac: works, made a frame
      encoders libopus: missing, not built into this ffmpeg > An ffmpeg that is built with libopus.
      decoders h264: works, H.264 of 10 bits, interlaced H.264
      decoders hevc: missing, HEVC > Take a full build of ffmpeg: the package of a distribution has it.
      decoders libdav1d: missing, AV1 > Take a full build of ffmpeg: the package of a distribution has it.
      decoders vp9: missing, VP9 > Take a full build of ffmpeg: the package of a distribution has it.
      decoders mpeg2video: missing, DVD and television > Take a full build of ffmpeg: the package of a distribution has it.
      decoders mpeg4: missing, AVI > Take a full build of ffmpeg: the package of a distribution has it.
      decoders vc1: missing, WMV > Take a full build of ffmpeg: the package of a distribution has it.
      decoders ac3: missing, AC-3 sound > Take a full build of ffmpeg: the package of a distribution has it.
      decoders eac3: missing, E-AC-3 sound > Take a full build of ffmpeg: the package of a distribution has it.
      decoders dca: missing, DTS sound > Take a full build of ffmpeg: the package of a distribution has it.
      decoders truehd: missing, TrueHD sound > Take a full build of ffmpeg: the package of a distribution has it.
      filters scale: works, smaller pictures
      filters bwdif: missing, deinterlacing > Take a full build of ffmpeg: the package of a distribution has it.
      filters yadif: missing, deinterlacing
      filters idet: missing, finding interlaced pictures > Take a full build of ffmpeg: the package of a distribution has it.
      filters zscale: works, HDR to SDR
      filters tonemap: missing, HDR to SDR > Take a full build of ffmpeg: the package of a distribution has it.
      filters libplacebo: missing, HDR to SDR on a GPU
      filters scale_cuda: missing, scaling on NVIDIA
      filters yadif_cuda: missing, deinterlacing on NVIDIA
      filters scale_vaapi: missing, scaling by VAAPI
      filters deinterlace_vaapi: missing, deinterlacing by VAAPI
      filters tonemap_vaapi: missing, HDR to SDR by VAAPI
      filters vpp_qsv: missing, scaling and deinterlacing by QSV"
    `)
  })
  it('has a row for an ffmpeg that is missing or sick', async () => {
    const missing = await doctorReport({ ffmpeg: join(folder, 'none') })
    expect(missing.canEncode).toBe(false)
    expect(missing.rows).toMatchObject([{ group: 'ffmpeg', name: 'ffmpeg', status: 'missing' }])
    expect(missing.rows[0]?.remedy).toContain('Install ffmpeg')
    const sick = await doctorReport({ ffmpeg: await standIn('\n  *) exit 1 ;;') })
    expect(sick.rows).toMatchObject([{ group: 'ffmpeg', name: 'ffmpeg', status: 'fails' }])
  })
})
