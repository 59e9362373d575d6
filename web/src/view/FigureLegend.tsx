/** The colours of the choropleth, from low to high, and the hatching of what is not known. */

import { classes } from "../map/figures";
import { largeScale, number, t } from "../state";
import { isRemainder, values } from "../figures";
import { isPartial } from "../map/choropleth";

export function FigureLegend({ unit }: { unit: string }) {
  const unknown = values.value.some((figure) => !isRemainder(figure) && figure.value === null);
  const largest = classes.value.at(-1)?.to ?? 0;
  const scale = largeScale(unit, largest);
  const written = (value: number) => number(value * scale.factor);
  return (
    <ul class="figure-legend" aria-label={scale.unit}>
      {classes.value.map((one) => (
        <li key={one.from}>
          <span class="legend-color" style={{ background: one.color }} aria-hidden="true" />
          {written(one.from)}
          {one.to !== one.from && `–${written(one.to)}`}
        </li>
      ))}
      {scale.unit && <li>{scale.unit}</li>}
      {values.value.some((figure) => !isRemainder(figure) && isPartial(figure)) && (
        <li>
          <span class="legend-color legend-partial" aria-hidden="true" />
          {t("partial_data")}
        </li>
      )}
      {unknown && (
        <li>
          <span class="legend-color legend-unknown" aria-hidden="true" />
          {t("no_data")}
        </li>
      )}
    </ul>
  );
}
