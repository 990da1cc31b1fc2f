import type { Choice } from '../choices.js'
import { element } from '../dom.js'

/** The menu that is open, if any: opening another one closes it. */
let open: Menu | undefined

/** A button of the controls with a menu of choices, of which one is chosen. */
export class Menu {
  readonly #button: HTMLButtonElement
  readonly #panel: HTMLElement
  readonly #title: string
  readonly #read: () => readonly Choice[]

  /**
   * @param panelParent where the menu is put: it is positioned by the style
   * @param read the choices of the moment; with fewer than two there is no button
   */
  constructor(button: HTMLButtonElement, panelParent: HTMLElement, read: () => readonly Choice[]) {
    this.#button = button
    this.#title = button.getAttribute('aria-label') ?? ''
    this.#read = read
    this.#panel = element('div', 'menu')
    this.#panel.id = `${button.id}-menu`
    this.#panel.setAttribute('role', 'menu')
    this.#panel.setAttribute('aria-label', this.#title)
    this.#panel.hidden = true
    panelParent.append(this.#panel)
    button.setAttribute('aria-haspopup', 'menu')
    button.setAttribute('aria-expanded', 'false')
    button.setAttribute('aria-controls', this.#panel.id)
    button.addEventListener('click', () => (this.isOpen ? this.close() : this.show()))
    this.#panel.addEventListener('keydown', event => this.#onKey(event))
    document.addEventListener('pointerdown', event => {
      const target = event.target as Node
      if (this.isOpen && !this.#panel.contains(target) && !button.contains(target)) this.close(false)
    })
    this.refresh()
  }

  get isOpen(): boolean {
    return open === this
  }

  /** Shows the choices as they are now, and the button where there is something to choose. */
  refresh(): void {
    const choices = this.#read()
    this.#button.hidden = choices.length < 2
    if (choices.length < 2) this.close()
    if (!this.isOpen) return
    const focused = this.#items().indexOf(document.activeElement as HTMLElement)
    this.#fill(choices)
    if (focused >= 0) this.#items()[focused]?.focus({ preventScroll: true })
  }

  show(): void {
    open?.close(false)
    open = this
    this.#fill(this.#read())
    this.#panel.hidden = false
    this.#button.setAttribute('aria-expanded', 'true')
    const items = this.#items()
    const chosen = items.find(item => item.getAttribute('aria-checked') === 'true') ?? items[0]
    chosen?.focus({ preventScroll: true })
    chosen?.scrollIntoView({ block: 'nearest' })
  }

  close(focusButton = true): void {
    if (!this.isOpen) return
    open = undefined
    this.#panel.hidden = true
    this.#button.setAttribute('aria-expanded', 'false')
    if (focusButton) this.#button.focus({ preventScroll: true })
  }

  #items(): HTMLElement[] {
    return [...this.#panel.querySelectorAll<HTMLElement>('[role=menuitemradio]')]
  }

  #fill(choices: readonly Choice[]): void {
    const title = element('div', 'menu-title', this.#title)
    title.setAttribute('aria-hidden', 'true')
    this.#panel.replaceChildren(title, ...choices.map(choice => this.#item(choice)))
  }

  #item({ label, detail, isChosen, choose }: Choice): HTMLElement {
    const item = element('button', 'menu-item')
    item.type = 'button'
    item.tabIndex = -1
    item.setAttribute('role', 'menuitemradio')
    item.setAttribute('aria-checked', String(isChosen))
    item.append(element('span', 'menu-label', label))
    if (detail !== undefined) item.append(element('span', 'menu-detail', detail))
    item.addEventListener('click', event => {
      // Whoever chose by a key goes on by keys; after a click the keys are the player's.
      this.close(event.detail === 0)
      choose()
      this.refresh()
    })
    return item
  }

  #onKey(event: KeyboardEvent): void {
    const items = this.#items()
    const at = items.indexOf(document.activeElement as HTMLElement)
    const to: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    }
    const index = to[event.key]
    const isPressed = event.key === 'Enter' || event.key === ' '
    if (event.key === 'Escape') this.close()
    else if (event.key === 'Tab') this.close(false)
    else if (index !== undefined) items[index]?.focus()
    else if (!isPressed) return
    // The keys of the player mean something else.
    event.stopPropagation()
    if (!isPressed && event.key !== 'Tab') event.preventDefault()
  }
}

/** Whether a menu is open: the controls stay in sight. */
export function isMenuOpen(): boolean {
  return open !== undefined
}
