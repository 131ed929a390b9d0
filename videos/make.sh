#!/bin/sh
# Makes video1.mp4 ... video5.mp4 from ffmpeg's synthetic sources: nobody's pictures, nobody's sound.
# Needs ffmpeg with libx264 and drawtext, and the DejaVu fonts (Debian: ffmpeg fonts-dejavu-core).
# The same ffmpeg makes the same octets each time: one thread, no dates, no version strings.
set -eu
cd "$(dirname "$0")"

font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf}
seconds=15
fps=24

# make NUMBER NAME VIDEO_SOURCE TONE_SOURCE [VIDEO_FILTER]
make() {
  number=$1 name=$2 picture=$3 tone=$4 filter=${5:-null}
  label="drawtext=fontfile=$font:text='File$number · $name':fontsize=34:fontcolor=white:box=1:boxcolor=black@0.8:boxborderw=12:x=24:y=24"
  timecode="drawtext=fontfile=$font:timecode='00\\:00\\:00\\:00':rate=$fps:fontsize=28:fontcolor=white:box=1:boxcolor=black@0.8:boxborderw=10:x=w-tw-24:y=h-th-24"
  # An IDR frame each second and no picture that looks past it: every second can be sought.
  # +faststart: the index (moov) comes before the data, so that playing can begin at once.
  ffmpeg -nostdin -hide_banner -loglevel error -y \
    -f lavfi -i "$picture" -f lavfi -i "$tone" -t "$seconds" \
    -filter:v "$filter,format=yuv420p,$label,$timecode" \
    -c:v libx264 -threads 1 -profile:v main -preset slow -b:v 340k -maxrate 420k -bufsize 840k \
    -g "$fps" -keyint_min "$fps" -sc_threshold 0 -flags +cgop+bitexact \
    -filter:a "volume=0.2,afade=t=in:d=0.2,afade=t=out:st=$((seconds - 1)):d=1" \
    -c:a aac -b:a 64k -ar 44100 -ac 1 -flags:a +bitexact \
    -fflags +bitexact -map_metadata -1 -metadata title="File$number · $name" \
    -movflags +faststart "video$number.mp4"
}

size=640x360
make 1 'Test card' "testsrc2=size=$size:rate=$fps" 'sine=frequency=440:beep_factor=2:sample_rate=44100'
make 2 'Mandelbrot' "mandelbrot=size=$size:rate=$fps:start_scale=2.4:end_scale=0.004:end_pts=360" \
  'aevalsrc=sin(2*PI*t*(220+110*sin(2*PI*t/5))):sample_rate=44100'
make 3 'Life' "life=size=160x90:rate=12:seed=5:ratio=0.2:mold=12:life_color=#ffd75f:death_color=#a02c2c:mold_color=#20124d" \
  'aevalsrc=sin(2*PI*t*330)*gt(sin(2*PI*t*3)\,0):sample_rate=44100' "scale=$size:flags=neighbor,fps=$fps"
make 4 'Gradients' "gradients=size=$size:rate=$fps:seed=7:n=5:c0=#1230ff:c1=#ff1080:c2=#ffd000:c3=#00c8a0:c4=#7a20ff:x0=320:y0=180:x1=640:y1=360:speed=0.02:type=circular" \
  'aevalsrc=0.5*sin(2*PI*t*262)+0.3*sin(2*PI*t*330)+0.3*sin(2*PI*t*392):sample_rate=44100' "hue=h=48*t"
make 5 'Cellular automaton' "cellauto=size=160x90:rate=15:rule=30:seed=9:ratio=0.3:scroll=1" \
  'aevalsrc=sin(2*PI*t*(523+262*floor(mod(t*2\,3)))):sample_rate=44100' "scale=$size:flags=neighbor,fps=$fps,negate,hue=h=200:s=1,colorchannelmixer=rr=0.2:gg=0.6:bb=1"
