import { describe, expect, it } from 'vitest'
import { doctorTable } from './doctor.js'

describe('doctorTable', () => {
  it('shows what works, what fails and what to do, by groups', () => {
    const text = doctorTable(
      [
        { group: 'node', name: 'Node', status: 'works', detail: '20.19.0 on linux x64' },
        { group: 'encoders', name: 'libx264', status: 'works', detail: 'H.264' },
        { group: 'encoders', name: 'h264_nvenc', status: 'fails', detail: 'no driver', remedy: "NVIDIA's driver" },
        { group: 'redis', name: 'Redis', status: 'missing', detail: '127.0.0.1:6379: no answer' },
      ],
      true,
    )
    expect(text).toBe(`node
  ✓ Node        20.19.0 on linux x64

encoders
  ✓ libx264     H.264
  ✗ h264_nvenc  no driver
                → NVIDIA's driver

redis
  – Redis       127.0.0.1:6379: no answer

Everything that a client does not play can be encoded here.
`)
  })
})
