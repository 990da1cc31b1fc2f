import { setIcon } from './actions.js'

/** What Safari on iPhones has instead of the Fullscreen API. */
type AppleVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void }

/** Makes a button show the player alone on the screen, where the browser can. */
export function offerFullscreen(player: HTMLElement, video: AppleVideo, button: HTMLButtonElement): void {
  button.hidden = !document.fullscreenEnabled && video.webkitEnterFullscreen === undefined
  button.addEventListener('click', () => toggleFullscreen(player, video))
  document.addEventListener('fullscreenchange', () => {
    const isFull = document.fullscreenElement === player
    setIcon(button, isFull ? 'window' : 'fullscreen', isFull ? 'Leave full screen' : 'Full screen')
  })
}

/** Shows the player alone on the screen, or in the page again. */
export function toggleFullscreen(player: HTMLElement, video: AppleVideo): void {
  // A browser that refuses has its reasons; the player stays where it is.
  if (document.fullscreenElement !== null) document.exitFullscreen().catch(() => {})
  else if (document.fullscreenEnabled) player.requestFullscreen().catch(() => {})
  else video.webkitEnterFullscreen?.()
}

/** Makes a button show the picture in a small window over all others, where the browser can. */
export function offerPictureInPicture(video: HTMLVideoElement, button: HTMLButtonElement): void {
  button.hidden = !document.pictureInPictureEnabled
  button.addEventListener('click', () => {
    const isOut = document.pictureInPictureElement === video
    const done = isOut ? document.exitPictureInPicture() : video.requestPictureInPicture()
    done.catch(() => {})
  })
  video.addEventListener('enterpictureinpicture', () => setIcon(button, 'pip', 'Back from the small window'))
  video.addEventListener('leavepictureinpicture', () => setIcon(button, 'pip', 'Small window'))
}
