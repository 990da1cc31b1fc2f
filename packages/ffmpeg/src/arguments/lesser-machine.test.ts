import { describe, expect, it } from 'vitest'
import { encoderNamed, PQ, videoJob } from '../../testing/encoders.js'
import type { Capabilities } from '../capabilities/model.js'
import type { VideoSource } from './job.js'
import { videoEncodeArguments } from './video.js'

describe('a lesser machine', () => {
  const chain = (name: string, source: Partial<VideoSource>, changes: Partial<Capabilities>): string => {
    const { inputArguments, filter, explanation } = videoEncodeArguments(videoJob(source), encoderNamed(name, changes))
    return `${inputArguments.join(' ')} | ${filter} | ${explanation.join('; ')}`
  }
  const gpu = (computeCapability: number | undefined): Partial<Capabilities> => ({
    hardware: { driver: '', renderDevices: [], computeCapability },
  })

  it('decodes by compute capability', () => {
    expect(chain('h264_nvenc', PQ, gpu(5.2))).toMatchInlineSnapshot(
      `"-noautorotate | setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=sar=1/1:max=65535 | hevc decoded by the processor: NVDEC takes hevc from compute capability 6 on, this GPU's is 5.2; tone-mapped from PQ by zscale and tonemap; encoded to h264 by h264_nvenc at medium quality"`,
    )
    expect(chain('h264_nvenc', { codec: 'av1' }, gpu(7.5))).toMatchInlineSnapshot(
      `"-noautorotate | format=yuv420p,setsar=sar=1/1:max=65535 | av1 decoded by the processor: NVDEC takes av1 from compute capability 8 on, this GPU's is 7.5; encoded to h264 by h264_nvenc at medium quality"`,
    )
    // Nobody said, but AV1 is encoded: 8.9.
    expect(chain('h264_nvenc', { codec: 'av1' }, gpu(undefined))).toMatchInlineSnapshot(
      `"-noautorotate -hwaccel cuda -hwaccel_output_format cuda | scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535 | av1 decoded by NVDEC; encoded to h264 by h264_nvenc at medium quality"`,
    )
  })
  it("leaves the tone mapping of a VAAPI driver other than Intel's to the processor", () => {
    const amd = {
      hardware: {
        driver: '',
        renderDevices: [{ path: '/dev/dri/renderD128', vendor: '0x1002' }],
        computeCapability: undefined,
      },
    }
    expect(chain('h264_vaapi', PQ, amd)).toMatchInlineSnapshot(
      `"-init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -noautorotate -hwaccel vaapi -hwaccel_device va | setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,zscale=w=1920:h=1080:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=nv12,hwupload,setsar=sar=1/1:max=65535 | hevc decoded by VAAPI; tone-mapped from PQ by zscale and tonemap; encoded to h264 by h264_vaapi at medium quality"`,
    )
  })
  it('maps tones by libplacebo where there is a GPU for it, by vpp_qsv where it can', () => {
    expect(chain('libx264', PQ, { vulkanDevice: 'NVIDIA RTX' })).toMatchInlineSnapshot(
      `"-init_hw_device vulkan=vk -filter_hw_device vk -noautorotate | setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,hwupload,libplacebo=w=1920:h=1080:format=yuv420p:normalize_sar=0:peak_detect=0:colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv,hwdownload,format=yuv420p,setsar=sar=1/1:max=65535 | hevc decoded by the processor: the encoder is software; tone-mapped from PQ by libplacebo; encoded to h264 by libx264 at medium quality"`,
    )
    expect(chain('h264_qsv', PQ, { qsvToneMaps: true })).toMatchInlineSnapshot(
      `"-noautorotate -hwaccel qsv -hwaccel_output_format qsv -c:v hevc_qsv | setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,vpp_qsv=tonemap=1:w=1920:h=1080:format=nv12,setsar=sar=1/1:max=65535 | hevc decoded by QSV; tone-mapped from PQ by vpp_qsv; encoded to h264 by h264_qsv at medium quality"`,
    )
  })
  it('says so where nothing can map tones, and takes yadif where there is no bwdif', () => {
    expect(chain('libx264', { ...PQ, scan: 'flagged' }, { filters: ['yadif', 'scale'] })).toMatchInlineSnapshot(
      `"-noautorotate | setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,yadif=mode=send_frame:parity=auto:deint=interlaced,format=yuv420p,setsar=sar=1/1:max=65535 | hevc decoded by the processor: the encoder is software; deinterlaced by yadif; not tone-mapped, so that PQ looks pale: this ffmpeg has neither zscale nor libplacebo; encoded to h264 by libx264 at medium quality"`,
    )
  })
})
