// Mediabunny: INPUT to fragmented MP4, to a file or to nothing (`-`). Its own Conversion, which copies what MP4 can hold.
import {
  ALL_FORMATS,
  Conversion,
  FilePathSource,
  FilePathTarget,
  Input,
  Mp4OutputFormat,
  NullTarget,
  Output,
} from 'mediabunny'

const [path, out] = process.argv.slice(2)
const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(path) })
const target = out === '-' ? new NullTarget() : new FilePathTarget(out)
const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'fragmented' }), target })
const conversion = await Conversion.init({ input, output, showWarnings: false })
if (!conversion.isValid || conversion.discardedTracks.length > 0)
  throw new Error('Mediabunny does not take all tracks.')
await conversion.execute()
