/** Text that breaks out of markup which does not escape it; with a character that XML does not allow. */
export const LOOSE_TEXT = `<script>alert("x")</script> & 'quoted' \u0001`;
