#!/usr/bin/python3
"""An RTSP camera that counts: H.264, 640x360, 25 fps, at rtsp://127.0.0.1:PORT/cam.

Along the lower edge each picture carries its number as 32 bars, 16 pixels high, white for one, the highest bit on the
left, so that whoever decodes it can tell which picture it is. A bright square moves above. Usage: PORT FIRST_NUMBER
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

WIDTH, HEIGHT, FPS, STRIP = 640, 360, 25, 16
LAUNCH = (
    f"( appsrc name=pixels is-live=true format=time caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},"
    f"framerate={FPS}/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={FPS} bitrate=2000 !"
    " rtph264pay name=pay0 pt=96 config-interval=1 )"
)
next_number = int(sys.argv[2])


def picture(number):
    square = bytearray(b"\x40" * WIDTH)
    left = number * 8 % (WIDTH - 64)
    square[left : left + 64] = b"\xeb" * 64
    bars = b"".join((b"\xeb" if number >> bit & 1 else b"\x10") * (WIDTH // 32) for bit in range(31, -1, -1))
    plain = b"\x40" * WIDTH
    luma = plain * 120 + bytes(square) * 64 + plain * (HEIGHT - 184 - STRIP) + bars * STRIP
    return luma + b"\x80" * (WIDTH * HEIGHT // 2)


def feed(source, _length, media):
    global next_number
    buffer = Gst.Buffer.new_wrapped(picture(next_number))
    buffer.pts = buffer.dts = media.pushed * Gst.SECOND // FPS
    buffer.duration = Gst.SECOND // FPS
    media.pushed += 1
    next_number += 1
    source.emit("push-buffer", buffer)


def configure(_factory, media):
    media.pushed = 0
    media.get_element().get_by_name_recurse_up("pixels").connect("need-data", feed, media)


Gst.init(None)
server = GstRtspServer.RTSPServer(service=sys.argv[1], address="127.0.0.1")
factory = GstRtspServer.RTSPMediaFactory(launch=LAUNCH, shared=True)
factory.connect("media-configure", configure)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print(f"camera ready at rtsp://127.0.0.1:{sys.argv[1]}/cam", flush=True)
GLib.MainLoop().run()
