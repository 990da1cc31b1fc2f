/**
 * Writes a film as an HLS presentation to a folder, ready for any web server.
 *
 *     node examples/dist/export-hls.js film.mkv out
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CuemuxError, openMedia } from 'cuemux'

const [film, folder] = process.argv.slice(2)
if (film === undefined || folder === undefined) {
  console.error('Usage: node examples/dist/export-hls.js FILM FOLDER')
  process.exit(2)
}

try {
  const media = await openMedia(film)
  const presentation = await media.hls({ segmentDurationMs: 6000 })

  // Every playlist, init segment and media segment is made when it is asked for, in any order.
  const resources = await presentation.resources()
  for (const { path } of resources) {
    const { pieces } = await presentation.resource(path)
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    // The pieces are views into what was read: they are written one after the other, without being joined.
    await writeFile(file, pieces)
  }

  await media.close()
  console.log(`Wrote ${resources.length} files: ${join(folder, 'master.m3u8')}`)
} catch (error) {
  // Every failure of Cuemux is a CuemuxError: a code to branch on, and a sentence for people.
  if (!(error instanceof CuemuxError)) throw error
  console.error(error.describe())
  process.exitCode = 1
}
