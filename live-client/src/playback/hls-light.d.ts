/** hls.js ships types for its full build only; the light build has the same class without subtitles, DRM and the like. */
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
