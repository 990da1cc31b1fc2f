import { formatBytes } from '../format.js'
import type { FilmEntry } from '../server/film.js'
import { byId, element, nameElement } from './dom.js'

/** From this many films on the list has a field to filter it. */
const FILTER_FROM = 8

/** Shows the films as links, grouped by their folders. */
export function showFilms(films: readonly FilmEntry[], chosenId: string): void {
  const filter = byId('filter', HTMLInputElement)
  filter.hidden = films.length < FILTER_FROM
  const wanted = filter.hidden ? '' : filter.value.trim().toLowerCase()
  const shown = films.filter(film => `${film.folder}/${film.name}`.toLowerCase().includes(wanted))
  byId('film-count', HTMLElement).textContent = String(films.length)
  byId('no-films', HTMLElement).hidden = films.length > 0
  byId('films', HTMLElement).replaceChildren(...filmItems(shown, chosenId))
}

function filmItems(films: readonly FilmEntry[], chosenId: string): HTMLElement[] {
  const items: HTMLElement[] = []
  let folder = ''
  for (const film of films) {
    if (film.folder !== folder) {
      folder = film.folder
      items.push(element('li', 'folder', folder))
    }
    const item = element('li')
    const link = element('a', 'film')
    link.href = `#${film.id}`
    link.append(nameElement('film-name', film.name))
    if (film.sizeBytes !== undefined) link.append(element('span', 'film-size', formatBytes(film.sizeBytes)))
    if (film.id === chosenId) link.setAttribute('aria-current', 'true')
    item.append(link)
    items.push(item)
  }
  return items
}
