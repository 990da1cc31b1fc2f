/** Plays or pauses; a browser that doesn't let a page play by itself leaves the film paused. */
export function togglePlay(video: HTMLVideoElement): void {
  if (video.paused) video.play().catch(() => {})
  else video.pause()
}

/** Mutes, or gives back the sound that was there. */
export function toggleMute(video: HTMLVideoElement): void {
  const isSilent = video.muted || video.volume === 0
  video.muted = !isSilent
  if (isSilent && video.volume === 0) video.volume = 0.5
}

/** Another picture and meaning for a button. */
export function setIcon(button: HTMLButtonElement, icon: string, words: string): void {
  const href = `#icon-${icon}`
  const use = button.querySelector('use')
  if (use?.getAttribute('href') !== href) use?.setAttribute('href', href)
  if (button.getAttribute('aria-label') === words) return
  button.setAttribute('aria-label', words)
  button.title = words
}
