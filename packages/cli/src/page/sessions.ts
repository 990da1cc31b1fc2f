import type { SessionInfo } from 'cuemux'
import { formatBytes } from '../format.js'
import { byId, element, factElement, nameElement } from './dom.js'
import { fetchFilmList } from './server-api.js'
import { endSession, fetchSessions } from './session-api.js'

/** How often the list is asked for, ms. */
const EVERY_MS = 2000

/** CPU time that a session's processes had taken, and when that was asked. */
interface CpuMark {
  readonly seconds: number
  readonly atMs: number
}

let marks = new Map<string, CpuMark>()

async function show(base: string): Promise<void> {
  const error = byId('error', HTMLElement)
  try {
    const sessions = await fetchSessions(base)
    error.hidden = true
    const atMs = performance.now()
    const before = marks
    marks = new Map(sessions.map(({ id, cpuSeconds }) => [id, { seconds: cpuSeconds ?? 0, atMs }]))
    byId('session-count', HTMLElement).textContent = String(sessions.length)
    byId('no-sessions', HTMLElement).hidden = sessions.length > 0
    byId('sessions', HTMLElement).replaceChildren(
      ...sessions.map(session => card(base, session, cpuShare(before.get(session.id), marks.get(session.id)))),
    )
  } catch (cause) {
    error.textContent = cause instanceof Error ? cause.message : String(cause)
    error.hidden = false
  }
}

/** CPU time between two looks as a share of one processor; `undefined` where a process has ended in between. */
function cpuShare(before: CpuMark | undefined, now: CpuMark | undefined): number | undefined {
  if (before === undefined || now === undefined || now.seconds < before.seconds) return undefined
  return (now.seconds - before.seconds) / ((now.atMs - before.atMs) / 1000)
}

function card(base: string, session: SessionInfo, cpu: number | undefined): HTMLElement {
  const item = element('li', 'session')
  const head = element('div', 'session-head')
  const name = nameElement('session-name', session.name ?? session.source)
  head.append(name, element('span', `session-state is-${session.state}`, session.state))
  const end = element('button', 'pill session-end', 'End')
  end.type = 'button'
  end.setAttribute('aria-label', `End ${session.name ?? session.source}`)
  end.addEventListener('click', () => {
    end.disabled = true
    endSession(base, session.id).then(
      () => show(base),
      () => show(base),
    )
  })
  head.append(end)
  const figures = element('dl', 'fact-list')
  figures.append(...figuresOf(session, cpu).map(factElement))
  item.append(head, figures)
  return item
}

function figuresOf(session: SessionInfo, cpu: number | undefined): [label: string, value: string][] {
  const { progress, viewers, endsInMs, error } = session
  if (error !== undefined) return [['Reason', error.message]]
  const figures: [string, string][] = [['Viewers', String(viewers.length)]]
  if (endsInMs !== undefined) figures.push(['Kept for', `${Math.ceil(endsInMs / 60_000)} min`])
  if (progress === undefined) return figures
  const { segments, keptBytes, speed, encoded } = progress
  figures.push(['Encoded', encoded.length === 0 ? 'nothing' : encoded.join(', ')])
  if (encoded.length > 0) {
    figures.push(['Speed', speed === undefined ? '–' : `${speed.toFixed(1)}×`])
    figures.push(['CPU', cpu === undefined ? '–' : `${Math.round(cpu * 100)} %`])
    figures.push(['Segments kept', `${segments.kept} of ${segments.total ?? '–'}`])
    figures.push(['On disk', formatBytes(keptBytes)])
  }
  return figures
}

async function start(): Promise<void> {
  const { sessions } = await fetchFilmList()
  if (sessions === undefined) {
    byId('no-sessions', HTMLElement).textContent = 'Films are played without sessions here: serve with --sessions DIR.'
    return
  }
  for (;;) {
    await show(sessions)
    await new Promise(resolve => setTimeout(resolve, EVERY_MS))
  }
}

void start()
