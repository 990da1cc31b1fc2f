import { CuemuxError } from '@cuemux/core'

/** Filters that make or shape a test picture or sound, and open no file and no address. */
const FILTERS: ReadonlySet<string> = new Set([
  ...['testsrc', 'testsrc2', 'smptebars', 'smptehdbars', 'pal75bars', 'pal100bars', 'rgbtestsrc', 'yuvtestsrc'],
  ...['color', 'mandelbrot', 'nullsrc', 'sine', 'anoisesrc', 'anullsrc', 'aevalsrc'],
  ...['format', 'fps', 'scale', 'setsar', 'setdar', 'setfield', 'tinterlace', 'interlace', 'hue', 'noise', 'negate'],
  ...['aformat', 'volume', 'aresample', 'null', 'anull', 'trim', 'atrim'],
])
const MAX_CHARACTERS = 1000
/** `[in]name=key=value:…[out]`; no quotes and no escapes, within which anything could stand. */
const FILTER = /^(?:\[\w+\])*([a-z0-9_]+)(?:=[\w=:.\-+/*()|# ]*)?(?:\[\w+\])*$/

/**
 * Checks the filter graph of a test picture: a filter could read any file otherwise (`movie`, `lut3d`, `drawtext`).
 *
 * @throws CuemuxError `BAD_REQUEST`
 */
export function checkTestGraph(graph: string): void {
  if (graph.length === 0 || graph.length > MAX_CHARACTERS) throw refused('it is empty or too long')
  for (const part of graph.split(/[;,]/)) {
    const name = FILTER.exec(part.trim())?.[1]
    if (name === undefined) throw refused(`'${part.slice(0, 60)}' is no filter with plain options`)
    if (!FILTERS.has(name)) throw refused(`${name} is none of the filters for test pictures`)
  }
}

function refused(reason: string): CuemuxError {
  return new CuemuxError('BAD_REQUEST', `The test picture is refused: ${reason}.`)
}
