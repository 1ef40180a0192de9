/**
 * Parts of a publisher's packets that are lost, 0 to 1. The studio, the wall of headquarters and the api's own judgement use
 * the same words for the same network.
 */

/** Lost packets are fetched again, but each costs a moment: worth a word. */
export const FAIR_LOSS = 0.02;
/** From here on pictures stand still. */
export const POOR_LOSS = 0.08;
