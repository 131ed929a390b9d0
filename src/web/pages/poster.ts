// A title's picture: drawn from its number, so that no two neighbours look alike and nothing is
// downloaded for it.

import { html, type Html } from '../html.js';

const WIDTH = 320;
const HEIGHT = 180;
/** Turning by the golden angle keeps the hues of neighbours far apart, however many there are. */
const GOLDEN_ANGLE = 137.508;

export interface PosterDesign {
  /** Degrees, 0-359. */
  readonly hue: number;
  readonly beamX: number;
  readonly beamY: number;
}

export function selectPosterDesign(number: number): PosterDesign {
  const turn = number * GOLDEN_ANGLE;
  return {
    hue: Math.round(turn + 205) % 360,
    beamX: Math.round(WIDTH * (0.74 + 0.12 * Math.cos(turn))),
    beamY: Math.round(HEIGHT * (0.46 + 0.3 * Math.sin(turn))),
  };
}

/** Decoration: whatever it stands beside says the same in words. */
export function poster(number: number): Html {
  const { hue, beamX, beamY } = selectPosterDesign(number);
  const rings = [150, 112, 78, 48, 22].map(
    (radius, index) => html`<circle cx="${beamX}" cy="${beamY}" r="${radius}" fill="hsl(${(hue + index * 9) % 360} ${62 + index * 5}% ${27 + index * 9}%)"/>`,
  );
  return html`<svg class="poster" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true" focusable="false" preserveAspectRatio="xMidYMid slice"><rect x="-2" y="-2" width="${WIDTH + 4}" height="${HEIGHT + 4}" fill="hsl(${hue} 55% 20%)"/>${rings}<text x="18" y="158" class="numeral" fill="#fff">${number}</text></svg>`;
}
