import Testing

@testable import LibvirtDriver

struct LiveDescriptionTests {
    @Test func namesTheDevicesOfARunningDomain() {
        let found = LiveDescription(
            """
            <domain type='kvm' id='3'>
              <title>&lt;disk &gt;&lt;alias name=&apos;ua-disk-evil&apos;/&gt;</title>
              <devices>
                <disk type='file' device='disk'>
                  <source file='/s/root.qcow2' index='2'/>
                  <target dev='vda' bus='virtio'/>
                  <alias name='ua-disk-root'/>
                </disk>
                <disk type='file' device='cdrom'>
                  <target dev='sda' bus='sata'/>
                  <alias name='sata0-0-0'/>
                </disk>
                <interface type='ethernet'>
                  <target dev='tap1' managed='no'/>
                  <alias name='ua-tap1'/>
                </interface>
                <channel type='unix'>
                  <target type='virtio' name='org.qemu.guest_agent.0'/>
                </channel>
              </devices>
            </domain>
            """)
        #expect(found.disks == ["root"])
        #expect(found.diskTargets == ["vda", "sda"])
        #expect(found.taps == ["tap1"])
        #expect(LiveDescription("").taps.isEmpty)
    }
}
