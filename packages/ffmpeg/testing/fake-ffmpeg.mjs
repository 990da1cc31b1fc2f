// Stands in for ffmpeg: its first argument says how it misbehaves, the others are ffmpeg's.
import { spawn } from 'node:child_process'

const [first = '', ...given] = process.argv.slice(2)
const mode = given.find(arg => arg.startsWith('fake='))?.slice(5) ?? first
const args = given.filter(arg => !arg.startsWith('fake='))
const [kind, number] = mode.split(':')

switch (kind) {
  case 'fail':
    fail('[in#0 @ 0x55d0c8] Error opening input: Invalid data found when processing input')
    break
  case 'nvenc-session':
    fail('[h264_nvenc @ 0x55d0c8] OpenEncodeSessionEx failed: out of memory (10): (no details)')
    break
  case 'garbage':
    process.stdin.resume()
    process.stdout.write(Buffer.alloc(1 << 16, 'this is not what was asked for '))
    process.stdin.on('end', () => process.exit(0))
    break
  case 'silent-exit':
    process.exit(0)
    break
  case 'real':
    dieAt(Number.POSITIVE_INFINITY)
    break
  case 'die-at':
    dieAt(Number(number))
    break
  default:
    fail(`unknown mode ${mode}`)
}

function fail(line) {
  process.stderr.write(`${line}\n`, () => process.exit(1))
}

/** Runs the real ffmpeg and dies once it has written so many bytes. */
function dieAt(bytes) {
  const child = spawn('ffmpeg', args, { stdio: ['inherit', 'pipe', 'inherit'] })
  let left = bytes
  child.stdout.on('data', piece => {
    process.stdout.write(piece.subarray(0, left))
    left -= piece.length
    if (left > 0) return
    child.kill('SIGKILL')
    process.exitCode = 1
  })
  child.on('close', code => process.exit(left > 0 ? (code ?? 1) : 1))
}
