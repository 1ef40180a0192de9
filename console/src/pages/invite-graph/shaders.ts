/** GLSL of the network's picture, vertex and fragment of each. */
const view = `uniform vec2 camera; uniform vec2 scale;
vec4 place(float x, float y) { return vec4((vec2(x, y) - camera) * scale, 0.0, 1.0); }`;

/** Who was not seen for 30 days is paler, but for staff, who come by other doors; a dot is a circle once it is large enough to tell. */
export const dotShader = [
  `#version 300 es
in float x; in float y; in float radius; in float role; in float seen;
uniform float pixels; uniform float least; uniform float grow; uniform float only; uniform float fade;
uniform vec3 palette[3]; uniform vec3 background; uniform vec3 accent;
${view}
flat out vec3 color; flat out float wide;
void main() {
  gl_Position = place(x, y);
  wide = max(2.0 * radius * pixels, least) + 2.0 * grow;
  gl_PointSize = wide;
  vec3 own = mix(mix(palette[int(role)], background, seen > 0.5 || role > 1.5 ? 0.0 : 0.55), background, fade);
  color = only > 0.5 ? accent : own;
}`,
  `#version 300 es
precision mediump float;
flat in vec3 color; flat in float wide;
out vec4 shown;
void main() {
  if (wide > 3.0) {
    vec2 off = gl_PointCoord - 0.5;
    if (dot(off, off) > 0.25) discard;
  }
  shown = vec4(color, 1.0);
}`,
];

export const lineShader = [
  `#version 300 es
in float x; in float y;
${view}
void main() { gl_Position = place(x, y); }`,
  `#version 300 es
precision mediump float;
uniform vec4 color;
out vec4 shown;
void main() { shown = color; }`,
];

/** A kept picture as it is. */
export const quadShader = [
  `#version 300 es
in vec2 at;
out vec2 where;
void main() { where = at * 0.5 + 0.5; gl_Position = vec4(at, 0.0, 1.0); }`,
  `#version 300 es
precision mediump float;
in vec2 where;
uniform sampler2D picture;
out vec4 shown;
void main() { shown = texture(picture, where); }`,
];
