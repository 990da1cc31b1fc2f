/** A list of tabs (`role=tablist`) whose panels are named by `aria-controls`. */
export class Tabs {
  readonly #tabs: readonly HTMLElement[]
  readonly #onShow: (id: string) => void

  /** @param onShow told the id of a panel that comes into sight */
  constructor(list: HTMLElement, onShow: (id: string) => void) {
    this.#tabs = [...list.querySelectorAll<HTMLElement>('[role=tab]')]
    this.#onShow = onShow
    for (const tab of this.#tabs) tab.addEventListener('click', () => this.show(panelId(tab)))
    list.addEventListener('keydown', event => this.#onKey(event))
  }

  /** The panel in sight. */
  get shown(): string {
    const chosen = this.#tabs.find(tab => tab.getAttribute('aria-selected') === 'true')
    return chosen === undefined ? '' : panelId(chosen)
  }

  show(id: string): void {
    for (const tab of this.#tabs) {
      const isChosen = panelId(tab) === id
      tab.setAttribute('aria-selected', String(isChosen))
      tab.tabIndex = isChosen ? 0 : -1
      const panel = document.getElementById(panelId(tab))
      if (panel !== null) panel.hidden = !isChosen
    }
    this.#onShow(id)
  }

  /** Shows or hides a tab; what is in sight must not go. */
  offer(id: string, isOffered: boolean): void {
    const tab = this.#tabs.find(candidate => panelId(candidate) === id)
    if (tab === undefined) return
    tab.hidden = !isOffered
    const [first] = this.#tabs
    if (!isOffered && this.shown === id && first !== undefined) this.show(panelId(first))
  }

  #onKey(event: KeyboardEvent): void {
    const offered = this.#tabs.filter(tab => !tab.hidden)
    const at = offered.indexOf(document.activeElement as HTMLElement)
    const by: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 }
    const step = by[event.key]
    const next = offered[(at + (step ?? 0) + offered.length) % offered.length]
    if (step === undefined || at < 0 || next === undefined) return
    event.preventDefault()
    next.focus()
    this.show(panelId(next))
  }
}

const panelId = (tab: HTMLElement): string => tab.getAttribute('aria-controls') ?? ''
