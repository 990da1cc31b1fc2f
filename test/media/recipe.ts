/** One command line; `OUT` stands for the file to make, `IN(name)` for another recipe's file. */
export interface Recipe {
  readonly needs?: readonly string[]
  readonly program: 'ffmpeg' | 'mkvmerge' | 'mkvpropedit' | 'edit'
  readonly args: readonly string[]
}

/** A picture in motion with a counter. */
export const picture = (rate: string, seconds: number): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=s=640x360:r=${rate}:d=${seconds}`,
]
/** A rising tone, another one on the right: no two places of it sound alike. */
export const sound = (seconds: number): string[] => [
  '-f',
  'lavfi',
  '-i',
  `aevalsrc='0.3*sin(2*PI*t*(310+19*t))|0.3*sin(2*PI*t*(520+11*t))':s=48000:d=${seconds}`,
]
/** H.264 with B-frames and closed groups of at most two seconds. */
export const h264: readonly string[] =
  '-c:v libx264 -preset veryfast -pix_fmt yuv420p -b:v 900k -g 48 -keyint_min 24 -bf 3'.split(' ')
/** Stereo AAC. */
export const aac: readonly string[] = '-c:a aac -b:a 128k -ac 2'.split(' ')

/** A file made by ffmpeg. */
export const make = (...args: string[]): Recipe => ({ program: 'ffmpeg', args: [...args, 'OUT'] })
/** Another file's samples in a container by ffmpeg. */
export const remux = (from: string, ...args: string[]): Recipe => ({
  needs: [from],
  program: 'ffmpeg',
  args: ['-i', `IN(${from})`, '-c', 'copy', ...args, 'OUT'],
})
/** Another file's samples in an MKV by mkvmerge. */
export const merge = (from: string, ...args: string[]): Recipe => ({
  needs: [from],
  program: 'mkvmerge',
  args: ['-q', '-o', 'OUT', ...args, `IN(${from})`],
})
/** Another file with one of the edits of `edits.ts`. */
export const edit = (from: string, name: string, value = 0): Recipe => ({
  needs: [from],
  program: 'edit',
  args: [from, name, String(value)],
})
