// The clock that tests read in a picture: a row of 20 cells along the bottom: white, black, the frame's number as 16 bits
// (most significant first, white is 1), their parity, white. The sample film has the same, see scripts/make-sample.sh.

const bit = 'mod(floor(N/pow(2\\,17-X))\\,2)'
const bits = Array.from({ length: 16 }, (_, i) => `mod(floor(N/${2 ** i})\\,2)`).join('+')
const cells = `if(eq(X\\,0)+eq(X\\,19)\\,235\\,if(eq(X\\,1)\\,16\\,16+219*if(eq(X\\,18)\\,mod(${bits}\\,2)\\,${bit})))`

/** ffmpeg's arguments for a picture of 640×360 with the clock; its output is `[v]`. The sound is input 2. */
export function clockPicture(rate: string, seconds: number): string[] {
  const timing = `r=${rate}:d=${seconds}`
  const row = `format=gray,geq=lum='${cells}',scale=640:32:flags=neighbor:in_range=tv:out_range=tv,format=yuv420p`
  return [
    ...['-f', 'lavfi', '-i', `testsrc2=s=640x360:${timing}`],
    ...['-f', 'lavfi', '-i', `color=black:s=20x2:${timing},${row}`],
    ...['-f', 'lavfi', '-i', `aevalsrc='0.3*sin(2*PI*t*(310+19*t))|0.3*sin(2*PI*t*(520+11*t))':s=48000:d=${seconds}`],
    ...['-filter_complex', '[0]format=yuv420p[p];[p][1]overlay=x=0:y=328[v]', '-map', '[v]', '-map', '2:a'],
  ]
}
