import { describe, expect, it } from 'vitest'
import { encoderNamed, PQ, videoJob } from '../../testing/encoders.js'
import type { Capabilities } from '../capabilities/model.js'
import type { VideoSource, VideoTarget } from './job.js'
import { videoEncodeArguments } from './video.js'

/** What can be asked for, one thing at a time. */
const DECISIONS: readonly (readonly [name: string, source: Partial<VideoSource>, target?: Partial<VideoTarget>])[] = [
  ['as it is', {}],
  ['to 720', {}, { heightLimit: 720 }],
  ['interlaced, flagged', { scan: 'flagged' }],
  ['interlaced, by idet', { scan: 'bff' }],
  ['10 bits H.264', { bitDepth: 10 }],
  ['10 bits H.264 to 720', { bitDepth: 10 }, { heightLimit: 720 }],
  ['4:2:2', { chroma: '4:2:2' }],
  ['HEVC', { codec: 'hevc', bitDepth: 10 }],
  ['AV1', { codec: 'av1', bitDepth: 10 }],
  ['MPEG-2', { codec: 'mpeg2', scan: 'flagged' }],
  ['PQ to 1080', { ...PQ, width: 3840, height: 2160 }, { heightLimit: 1080 }],
  ['PQ without metadata', { ...PQ, hdr: { transfer: 'pq', hasMasteringMetadata: false } }],
  ['HLG', { ...PQ, hdr: { transfer: 'hlg', hasMasteringMetadata: false } }],
  ['turned by 90, to 720', { rotation: 90 }, { heightLimit: 720 }],
  ['turned by 180', { rotation: 180 }],
  ['anamorphic', { width: 720, height: 576, pixelAspect: [64, 45] }],
  ['odd size', { width: 853, height: 481 }],
]

function table(name: string, changes: Partial<Capabilities> = {}): string {
  const encoder = encoderNamed(name, changes)
  const lines = DECISIONS.map(([decision, source, target]) => {
    const { inputArguments, filter } = videoEncodeArguments(
      videoJob(source, { codec: encoder.codec, ...target }),
      encoder,
    )
    return `${decision}\n  ${inputArguments.join(' ')}\n  ${filter}`
  })
  return `\n${lines.join('\n')}\n`
}

describe('decoding and filters', () => {
  it('NVENC', () => {
    expect(table('h264_nvenc')).toMatchInlineSnapshot(`
      "
      as it is
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      to 720
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        scale_cuda=w=1280:h=720:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      interlaced, flagged
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        yadif_cuda=mode=send_frame:parity=auto:deint=interlaced,scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      interlaced, by idet
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        yadif_cuda=mode=send_frame:parity=bff:deint=all,scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      10 bits H.264
        -noautorotate
        format=yuv420p,setsar=sar=1/1:max=65535
      10 bits H.264 to 720
        -noautorotate
        format=nv12,hwupload_cuda,scale_cuda=w=1280:h=720:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      4:2:2
        -noautorotate
        format=yuv420p,setsar=sar=1/1:max=65535
      HEVC
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      AV1
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      MPEG-2
        -noautorotate
        format=nv12,hwupload_cuda,yadif_cuda=mode=send_frame:parity=auto:deint=interlaced,scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      PQ to 1080
        -noautorotate -hwaccel cuda
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=sar=1/1:max=65535
      PQ without metadata
        -noautorotate -hwaccel cuda
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=sar=1/1:max=65535
      HLG
        -noautorotate -hwaccel cuda
        setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=sar=1/1:max=65535
      turned by 90, to 720
        -noautorotate -hwaccel cuda
        scale=w=720:h=406:flags=bicubic,transpose=clock,format=yuv420p,setsar=sar=1/1:max=65535
      turned by 180
        -noautorotate -hwaccel cuda
        hflip,vflip,format=yuv420p,setsar=sar=1/1:max=65535
      anamorphic
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        scale_cuda=w=720:h=576:format=nv12:passthrough=0,setsar=sar=64/45:max=65535
      odd size
        -noautorotate -hwaccel cuda -hwaccel_output_format cuda
        scale_cuda=w=852:h=480:format=nv12:passthrough=0,setsar=sar=1/1:max=65535
      "
    `)
  })
  it('VAAPI', () => {
    expect(table('h264_vaapi')).toMatchInlineSnapshot(`
      "
      as it is
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      to 720
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        scale_vaapi=w=1280:h=720:format=nv12,setsar=sar=1/1:max=65535
      interlaced, flagged
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        deinterlace_vaapi=rate=frame:auto=1,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      interlaced, by idet
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        setfield=mode=bff,deinterlace_vaapi=rate=frame:auto=0,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate
        format=nv12,hwupload,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264 to 720
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate
        format=nv12,hwupload,scale_vaapi=w=1280:h=720:format=nv12,setsar=sar=1/1:max=65535
      4:2:2
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate
        format=nv12,hwupload,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      HEVC
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      AV1
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate
        format=nv12,hwupload,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      MPEG-2
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate
        format=nv12,hwupload,deinterlace_vaapi=rate=frame:auto=1,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      PQ to 1080
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,tonemap_vaapi=format=nv12:t=bt709:m=bt709:p=bt709,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      PQ without metadata
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,hwupload,setsar=sar=1/1:max=65535
      HLG
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va
        setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,hwupload,setsar=sar=1/1:max=65535
      turned by 90, to 720
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        transpose_vaapi=dir=clock,scale_vaapi=w=406:h=720:format=nv12,setsar=sar=1/1:max=65535
      turned by 180
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        transpose_vaapi=dir=reversal,scale_vaapi=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      anamorphic
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        scale_vaapi=w=720:h=576:format=nv12,setsar=sar=64/45:max=65535
      odd size
        -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va -hwaccel_output_format vaapi
        scale_vaapi=w=852:h=480:format=nv12,setsar=sar=1/1:max=65535
      "
    `)
  })
  it('QSV', () => {
    expect(table('h264_qsv')).toMatchInlineSnapshot(`
      "
      as it is
        -noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v h264_qsv
        vpp_qsv=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      to 720
        -noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v h264_qsv
        vpp_qsv=w=1280:h=720:format=nv12,setsar=sar=1/1:max=65535
      interlaced, flagged
        -noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v h264_qsv
        vpp_qsv=deinterlace=advanced:w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      interlaced, by idet
        -noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v h264_qsv
        vpp_qsv=deinterlace=advanced:w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264 to 720
        -noautorotate
        scale=w=1280:h=720:flags=bicubic,format=nv12,setsar=sar=1/1:max=65535
      4:2:2
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      HEVC
        -noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v hevc_qsv
        vpp_qsv=w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535
      AV1
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      MPEG-2
        -noautorotate
        bwdif=mode=send_frame:parity=auto:deint=interlaced,format=nv12,setsar=sar=1/1:max=65535
      PQ to 1080
        -noautorotate -hwaccel qsv -c:v hevc_qsv
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      PQ without metadata
        -noautorotate -hwaccel qsv -c:v hevc_qsv
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      HLG
        -noautorotate -hwaccel qsv -c:v hevc_qsv
        setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      turned by 90, to 720
        -noautorotate -hwaccel qsv -c:v h264_qsv
        scale=w=720:h=406:flags=bicubic,transpose=clock,format=nv12,setsar=sar=1/1:max=65535
      turned by 180
        -noautorotate -hwaccel qsv -c:v h264_qsv
        hflip,vflip,format=nv12,setsar=sar=1/1:max=65535
      anamorphic
        -noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v h264_qsv
        vpp_qsv=w=720:h=576:format=nv12,setsar=sar=64/45:max=65535
      odd size
        -noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v h264_qsv
        vpp_qsv=w=852:h=480:format=nv12,setsar=sar=1/1:max=65535
      "
    `)
  })
  it('VideoToolbox', () => {
    expect(table('h264_videotoolbox')).toMatchInlineSnapshot(`
      "
      as it is
        -noautorotate -hwaccel videotoolbox
        format=nv12,setsar=sar=1/1:max=65535
      to 720
        -noautorotate -hwaccel videotoolbox
        scale=w=1280:h=720:flags=bicubic,format=nv12,setsar=sar=1/1:max=65535
      interlaced, flagged
        -noautorotate -hwaccel videotoolbox
        bwdif=mode=send_frame:parity=auto:deint=interlaced,format=nv12,setsar=sar=1/1:max=65535
      interlaced, by idet
        -noautorotate -hwaccel videotoolbox
        bwdif=mode=send_frame:parity=bff:deint=all,format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264 to 720
        -noautorotate
        scale=w=1280:h=720:flags=bicubic,format=nv12,setsar=sar=1/1:max=65535
      4:2:2
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      HEVC
        -noautorotate -hwaccel videotoolbox
        format=nv12,setsar=sar=1/1:max=65535
      AV1
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      MPEG-2
        -noautorotate
        bwdif=mode=send_frame:parity=auto:deint=interlaced,format=nv12,setsar=sar=1/1:max=65535
      PQ to 1080
        -noautorotate -hwaccel videotoolbox
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      PQ without metadata
        -noautorotate -hwaccel videotoolbox
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      HLG
        -noautorotate -hwaccel videotoolbox
        setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      turned by 90, to 720
        -noautorotate -hwaccel videotoolbox
        scale=w=720:h=406:flags=bicubic,transpose=clock,format=nv12,setsar=sar=1/1:max=65535
      turned by 180
        -noautorotate -hwaccel videotoolbox
        hflip,vflip,format=nv12,setsar=sar=1/1:max=65535
      anamorphic
        -noautorotate -hwaccel videotoolbox
        format=nv12,setsar=sar=64/45:max=65535
      odd size
        -noautorotate -hwaccel videotoolbox
        scale=w=852:h=480:flags=bicubic,format=nv12,setsar=sar=1/1:max=65535
      "
    `)
  })
  it('AMF', () => {
    expect(table('h264_amf')).toMatchInlineSnapshot(`
      "
      as it is
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      to 720
        -noautorotate
        scale=w=1280:h=720:flags=bicubic,format=nv12,setsar=sar=1/1:max=65535
      interlaced, flagged
        -noautorotate
        bwdif=mode=send_frame:parity=auto:deint=interlaced,format=nv12,setsar=sar=1/1:max=65535
      interlaced, by idet
        -noautorotate
        bwdif=mode=send_frame:parity=bff:deint=all,format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      10 bits H.264 to 720
        -noautorotate
        scale=w=1280:h=720:flags=bicubic,format=nv12,setsar=sar=1/1:max=65535
      4:2:2
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      HEVC
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      AV1
        -noautorotate
        format=nv12,setsar=sar=1/1:max=65535
      MPEG-2
        -noautorotate
        bwdif=mode=send_frame:parity=auto:deint=interlaced,format=nv12,setsar=sar=1/1:max=65535
      PQ to 1080
        -noautorotate
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      PQ without metadata
        -noautorotate
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      HLG
        -noautorotate
        setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,setsar=sar=1/1:max=65535
      turned by 90, to 720
        -noautorotate
        scale=w=720:h=406:flags=bicubic,transpose=clock,format=nv12,setsar=sar=1/1:max=65535
      turned by 180
        -noautorotate
        hflip,vflip,format=nv12,setsar=sar=1/1:max=65535
      anamorphic
        -noautorotate
        format=nv12,setsar=sar=64/45:max=65535
      odd size
        -noautorotate
        scale=w=852:h=480:flags=bicubic,format=nv12,setsar=sar=1/1:max=65535
      "
    `)
  })
  it('software', () => {
    expect(table('libx264')).toMatchInlineSnapshot(`
      "
      as it is
        -noautorotate
        format=yuv420p,setsar=sar=1/1:max=65535
      to 720
        -noautorotate
        scale=w=1280:h=720:flags=bicubic,format=yuv420p,setsar=sar=1/1:max=65535
      interlaced, flagged
        -noautorotate
        bwdif=mode=send_frame:parity=auto:deint=interlaced,format=yuv420p,setsar=sar=1/1:max=65535
      interlaced, by idet
        -noautorotate
        bwdif=mode=send_frame:parity=bff:deint=all,format=yuv420p,setsar=sar=1/1:max=65535
      10 bits H.264
        -noautorotate
        format=yuv420p,setsar=sar=1/1:max=65535
      10 bits H.264 to 720
        -noautorotate
        scale=w=1280:h=720:flags=bicubic,format=yuv420p,setsar=sar=1/1:max=65535
      4:2:2
        -noautorotate
        format=yuv420p,setsar=sar=1/1:max=65535
      HEVC
        -noautorotate
        format=yuv420p,setsar=sar=1/1:max=65535
      AV1
        -noautorotate
        format=yuv420p,setsar=sar=1/1:max=65535
      MPEG-2
        -noautorotate
        bwdif=mode=send_frame:parity=auto:deint=interlaced,format=yuv420p,setsar=sar=1/1:max=65535
      PQ to 1080
        -noautorotate
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=sar=1/1:max=65535
      PQ without metadata
        -noautorotate
        setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=sar=1/1:max=65535
      HLG
        -noautorotate
        setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=sar=1/1:max=65535
      turned by 90, to 720
        -noautorotate
        scale=w=720:h=406:flags=bicubic,transpose=clock,format=yuv420p,setsar=sar=1/1:max=65535
      turned by 180
        -noautorotate
        hflip,vflip,format=yuv420p,setsar=sar=1/1:max=65535
      anamorphic
        -noautorotate
        format=yuv420p,setsar=sar=64/45:max=65535
      odd size
        -noautorotate
        scale=w=852:h=480:flags=bicubic,format=yuv420p,setsar=sar=1/1:max=65535
      "
    `)
  })
  it('is the same for all codecs of a family', () => {
    for (const name of ['hevc_nvenc', 'av1_nvenc']) expect(table(name)).toBe(table('h264_nvenc'))
    for (const name of ['hevc_vaapi', 'av1_vaapi']) expect(table(name)).toBe(table('h264_vaapi'))
    for (const name of ['hevc_qsv', 'av1_qsv']) expect(table(name)).toBe(table('h264_qsv'))
    for (const name of ['libx265', 'libsvtav1', 'libaom-av1']) expect(table(name)).toBe(table('libx264'))
  })
})
