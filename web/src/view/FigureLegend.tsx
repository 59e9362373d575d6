/** The colours of the choropleth, from low to high, and the hatching of what is not known. */

import { classes } from "../map/figures";
import { brief, t } from "../state";
import { scaleFor } from "../format";
import { values } from "../figures";

export function FigureLegend({ unit }: { unit: string }) {
  const unknown = values.value.some((figure) => figure.value === null);
  const scale = scaleFor(unit, classes.value.at(-1)?.to ?? 0);
  return (
    <ul class="figure-legend" aria-label={scale.unit}>
      {classes.value.map((one) => (
        <li key={one.from}>
          <span class="legend-color" style={{ background: one.color }} aria-hidden="true" />
          {brief(one.from * scale.factor)}
          {one.to !== one.from && `–${brief(one.to * scale.factor)}`}
        </li>
      ))}
      {scale.unit && <li>{scale.unit}</li>}
      {unknown && (
        <li>
          <span class="legend-color legend-unknown" aria-hidden="true" />
          {t("no_data")}
        </li>
      )}
    </ul>
  );
}
