#!/bin/bash
# Makes the sample film, sample/cuemux-sample.mkv, and its MP4 twin. Needs ffmpeg with libx264 and the DejaVu font.
# The film is committed; this is how it was made. 48 s, 640x360, 24 frames/s, a keyframe every 2 s, B-frames.
#
# Two clocks are in the picture. One for people: minutes, seconds, milliseconds. One for tests: a row of 20 cells of
# 32x32 pixels along the bottom: white, black, the frame number as 16 bits (most significant first, white is 1),
# the parity of those bits, white. The sound is a plucked tone that steps up a semitone each second, two octaves in all.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../sample"
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf

bit="mod(floor(N/pow(2\,17-X))\,2)"
parity="mod(mod(floor(N/1)\,2)+mod(floor(N/2)\,2)+mod(floor(N/4)\,2)+mod(floor(N/8)\,2)+mod(floor(N/16)\,2)\
+mod(floor(N/32)\,2)+mod(floor(N/64)\,2)+mod(floor(N/128)\,2)+mod(floor(N/256)\,2)+mod(floor(N/512)\,2)+mod(floor(N/1024)\,2)\,2)"
cells="if(eq(X\,0)+eq(X\,19)\,235\,if(eq(X\,1)\,16\,16+219*if(eq(X\,18)\,$parity\,$bit)))"

ffmpeg -hide_banner -v error -nostdin -y \
  -f lavfi -i "gradients=s=640x360:r=24:d=48:c0=0x10324a:c1=0x5b2a6e:c2=0x0d5c52:n=3:seed=7:speed=0.02" \
  -f lavfi -i "color=white:s=36x36:r=24:d=48,format=yuva420p,geq=lum=235:cb=128:cr=128:a='255*lt(hypot(X-17.5\,Y-17.5)\,17)'" \
  -f lavfi -i "color=black:s=20x2:r=24:d=48,format=gray,geq=lum='$cells',scale=640:32:flags=neighbor:in_range=tv:out_range=tv,format=yuv420p" \
  -f lavfi -i "aevalsrc='0.35*exp(-2*mod(t\,1))*(1-exp(-300*mod(t\,1)))*sin(2*PI*mod(t\,1)*220*pow(2\,mod(floor(t)\,24)/12))|0.35*exp(-2*mod(t\,1))*(1-exp(-300*mod(t\,1)))*sin(2*PI*mod(t\,1)*330*pow(2\,mod(floor(t)\,24)/12))':s=48000:d=48" \
  -filter_complex "[0]format=yuv420p,drawtext=fontfile=$font:fontsize=34:fontcolor=white:x=24:y=24:text=Cuemux,\
drawtext=fontfile=$font:fontsize=72:fontcolor=white:borderw=3:bordercolor=black:x=(w-tw)/2:y=120:text='%{pts\:hms}'[picture];\
[picture][1]overlay=x='302+240*sin(PI*t/2)':y='240+40*cos(PI*t)'[ball];[ball][2]overlay=x=0:y=328[v]" \
  -map '[v]' -map 3:a -t 48 -fflags +bitexact \
  -c:v libx264 -preset veryslow -profile:v high -pix_fmt yuv420p -crf 20 -maxrate 700k -bufsize 1400k \
  -g 48 -keyint_min 48 -sc_threshold 0 -bf 3 -x264-params open-gop=0 -flags:v +bitexact \
  -color_primaries bt709 -color_trc bt709 -colorspace bt709 \
  -c:a aac -b:a 96k -ac 2 -flags:a +bitexact \
  -disposition:v default -disposition:a default -metadata title="Cuemux sample" -metadata:s:a language=eng cuemux-sample.mkv
ffmpeg -hide_banner -v error -nostdin -y -i cuemux-sample.mkv -map 0 -c copy -fflags +bitexact cuemux-sample.mp4
ls -l cuemux-sample.mkv cuemux-sample.mp4
