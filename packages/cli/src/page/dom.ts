/**
 * The page's element of an id. The markup and this script are built together: one that is missing is a mistake of ours.
 */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}.`)
  return found
}

/** A new element with a class and text; text is never markup, whatever a file is called. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  if (text !== '') made.textContent = text
  return made
}

/** A term of a list of facts, and what it is. */
export function factElement([term, value]: readonly [term: string, value: string]): HTMLElement {
  const pair = element('div')
  pair.append(element('dt', '', term), element('dd', '', value))
  return pair
}

/** An element with a file's name, which may break into lines where its words end: at dots, dashes and underscores. */
export function nameElement(className: string, name: string): HTMLElement {
  const made = element('span', className)
  for (const part of name.split(/(?<=[._-])/)) made.append(part, document.createElement('wbr'))
  return made
}
