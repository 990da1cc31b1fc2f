import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted } from '@cuemux/core'
import { PacketWalker } from './packet-walker.js'
import { type ProgramMap, parsePat, parsePmt } from './psi.js'
import { SectionAssembler } from './sections.js'
import { kindOfStream } from './stream-kinds.js'

/** How far a stream is searched for its tables, and how far behind the first one for other programs'. */
const MAX_SEARCH_BYTES = 16 * 1024 * 1024
const MAX_FURTHER_BYTES = 1024 * 1024
const FIRST_PIECE_BYTES = 128 * 1024
const MAX_PIECE_BYTES = 1024 * 1024
const MAX_PROGRAMS = 64

/** A program and where its map was found. */
export interface FoundProgram {
  readonly map: ProgramMap
  readonly pmtPid: number
}

/** Follows PAT and PMTs through a stream's packets. */
export class TableReader {
  readonly #walker: PacketWalker
  readonly #assemblers = new Map<number, SectionAssembler>()
  readonly #onMap: (found: FoundProgram, position: number) => void
  /** Numbers of the programs of the PAT. */
  programs: ReadonlySet<number> = new Set()

  constructor(walker: PacketWalker, onMap: (found: FoundProgram, position: number) => void) {
    this.#walker = walker
    this.#onMap = onMap
    walker.onTable = (pid, payload, isStart, position) => this.#take(pid, payload, isStart, position)
    walker.watchTable(0)
  }

  #take(pid: number, payload: Uint8Array, isStart: boolean, position: number): void {
    let assembler = this.#assemblers.get(pid)
    if (assembler === undefined) {
      assembler = new SectionAssembler()
      this.#assemblers.set(pid, assembler)
    }
    for (const section of assembler.push(payload, isStart)) {
      const programs = pid === 0 ? parsePat(section) : undefined
      if (programs !== undefined) {
        this.programs = new Set(programs.slice(0, MAX_PROGRAMS).map(({ number }) => number))
        for (const program of programs.slice(0, MAX_PROGRAMS)) this.#walker.watchTable(program.pid)
      }
      const map = pid === 0 ? undefined : parsePmt(section)
      if (map !== undefined) this.#onMap({ map, pmtPid: pid }, position)
    }
  }
}

/**
 * Finds the program to play: the first one with video, else with sound.
 *
 * @param first the source's first bytes
 * @throws CuemuxError `CORRUPT_INDEX` where no program map is found
 */
export async function findProgram(
  source: ByteSource,
  first: Uint8Array,
  layout: { readonly stride: number; readonly offset: number },
  options: ReadOptions,
): Promise<FoundProgram> {
  const found = new Map<number, FoundProgram>()
  const walker = new PacketWalker(layout.stride)
  const tables = new TableReader(walker, program => {
    if (!found.has(program.map.program)) found.set(program.map.program, program)
  })
  let bytes = first
  let base = 0
  let at = layout.offset
  let piece = FIRST_PIECE_BYTES
  let firstFoundAt = Number.POSITIVE_INFINITY
  while (at < MAX_SEARCH_BYTES && at < firstFoundAt + MAX_FURTHER_BYTES) {
    at = base + walker.walk(bytes, base, at - base, bytes.length)
    if (found.size > 0) firstFoundAt = Math.min(firstFoundAt, at)
    if (found.size > 0 && found.size >= tables.programs.size) break
    throwIfAborted(options.signal)
    bytes = await source.read(at, piece, options)
    base = at
    if (bytes.length < 188) break
    piece = Math.min(piece * 2, MAX_PIECE_BYTES)
  }
  const inOrder = [...found.values()].sort((a, b) => a.map.program - b.map.program)
  const has = (program: FoundProgram, kind: string): boolean =>
    program.map.streams.some(stream => kindOfStream(stream)?.kind === kind)
  const chosen = inOrder.find(program => has(program, 'video')) ?? inOrder.find(program => has(program, 'audio'))
  if (chosen !== undefined) return chosen
  throw new CuemuxError('CORRUPT_INDEX', 'The stream has no program with picture or sound.', {
    at: { path: 'PAT/PMT' },
    hint: 'Its tables are missing or damaged.',
  })
}
