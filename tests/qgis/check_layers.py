"""Runs inside QGIS's own Python (python3-qgis, offscreen): opens layers as a person does and prints what QGIS says, as JSON.

    /usr/bin/python3 check_layers.py TASK.json

TASK: {"uri": libpq words, "layers": [{"name", "schema", "table", "geometry_type"}], "pictures": folder, "scales": [...], "edits":
[...], "oapif": URL or null}. Judges nothing; the test that starts it does. Knows nothing of the project but what the task says.
"""

import json
import sys
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsFieldConstraints,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRenderContext,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor, QImage

Task = dict[str, Any]


def open_table(task: Task, layer: dict[str, str]) -> Any:
    """Open a table as the browser panel does: key, type and SRID are found by QGIS, the default style is read."""
    uri = f"{task['uri']} sslmode=disable key='id' estimatedmetadata={task.get('estimated', 'false')}"
    uri += f' srid=4326 type={layer["geometry_type"]} table="{layer["schema"]}"."{layer["table"]}" (geom)'
    return QgsVectorLayer(uri, layer["name"], "postgres")


def styles_found(task: Task, layer: dict[str, str]) -> dict[str, bool]:
    """Say by which addresses of the table its default style is found: with the type of its geometry, with its SRID, plain."""
    plain = f'{task["uri"]} sslmode=disable key=\'id\' table="{layer["schema"]}"."{layer["table"]}" (geom)'
    addresses = {
        "type": f"{plain} type={layer['geometry_type']}",
        "plain": plain,
        "plain with srid": f"{plain} srid=4326",
    }
    return {name: QgsVectorLayer(address, layer["name"], "postgres").loadDefaultStyle()[1] for name, address in addresses.items()}


def labels_drawn(layer: Any, scale: float) -> list[str]:
    """Draw a layer about its first feature with a label at 1:`scale` and give the labels that are on the picture."""
    field = layer.labeling().settings().fieldName if layer.labeling() else "code"
    first = next(feature for feature in layer.getFeatures() if feature[field])
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(QSize(900, 700))
    settings.setOutputDpi(96)
    extent = first.geometry().boundingBox().buffered(0.001)
    for _ in range(3):  # a scale in degrees depends on the extent
        settings.setExtent(extent)
        extent.scale(scale / settings.scale())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    return [label.labelText for label in job.takeLabelingResults().allLabels()]


def describe(layer: Any) -> Task:
    """Say what QGIS found."""
    provider = layer.dataProvider()
    _, style_loaded = layer.loadDefaultStyle()
    renderer = layer.renderer()
    found = {
        "valid": layer.isValid(),
        "error": layer.error().message() or provider.error().message(),
        "features": layer.featureCount(),
        "read": sum(1 for _ in layer.getFeatures()),
        "crs": layer.crs().authid(),
        "geometry_type": layer.wkbType(),
        "key": [layer.fields()[number].name() for number in layer.primaryKeyAttributes()],
        "extent": [round(value, 4) for value in (layer.extent().xMinimum(), layer.extent().yMinimum())],
        "style_loaded": style_loaded,
        "renderer": renderer.type() if renderer else None,
        "aliases": {field.name(): field.alias() for field in layer.fields()},
        "widgets": {field.name(): layer.editorWidgetSetup(number).type() for number, field in enumerate(layer.fields())},
        "read_only": [field.name() for number, field in enumerate(layer.fields()) if layer.editFormConfig().readOnly(number)],
        "comments": {field.name(): field.comment() for field in layer.fields()},
        "labels": layer.labelsEnabled(),
        "label_field": layer.labeling().settings().fieldName if layer.labeling() else None,
        "can_edit": bool(provider.capabilities() & provider.AddFeatures),
    }
    if renderer and renderer.type() == "categorizedSymbol":
        found["categories"] = {str(category.value()): color_of(category.symbol()) for category in renderer.categories()}
        found["drawn"] = drawn_by(layer, renderer)
    return found


def color_of(symbol: Any) -> str:
    """Give the colour of a symbol: its fill, or its outline where it has none."""
    first = symbol.symbolLayer(0)
    if first.layerType() == "SimpleFill" and first.brushStyle() == Qt.NoBrush:
        return str(first.strokeColor().name())
    return str(symbol.color().name())


def drawn_by(layer: Any, renderer: Any) -> dict[str, int]:
    """Count how many features each category draws."""
    context = QgsRenderContext()
    context.expressionContext().appendScopes(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    renderer.startRender(context, layer.fields())
    counts: dict[str, int] = {}
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        labels = renderer.legendKeysForFeature(feature, context)
        for label in labels:
            value = str(renderer.categories()[int(label)].value())
            counts[value] = counts.get(value, 0) + 1
    renderer.stopRender(context)
    return counts


def draw(layers: list[Any], path: Path) -> int:
    """Draw layers as a map and count its colours, the paper's left out."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[0].crs())
    settings.setBackgroundColor(QColor("white"))
    extent = layers[0].extent().buffered(0.002)  # points in a row have no height
    settings.setExtent(extent)
    settings.setOutputSize(QSize(900, 700))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(str(path))
    pixels = image.convertToFormat(QImage.Format_RGB888).bits().asstring(image.width() * image.height() * 3)
    colors = {pixels[place : place + 3] for place in range(0, len(pixels), 3)}
    return len(colors - {bytes([255, 255, 255])})


def edit(task: Task, step: Task) -> Task:
    """Do one edit through the edit buffer, as the map window does, and give what QGIS shows when it is saved."""
    layer = open_table(task, step["layer"])
    layer.loadDefaultStyle()
    blocked: list[str] = []
    found = {feature["code"]: feature for feature in layer.getFeatures()}
    if not layer.startEditing():
        return {"saved": False, "errors": ["layer is not editable"]}
    chosen: Any = found.get(step.get("code"))
    if step["kind"] == "change":
        layer.changeAttributeValue(chosen.id(), layer.fields().indexOf(step["column"]), step["value"])
    elif step["kind"] == "move":
        geometry = QgsGeometry(chosen.geometry())
        geometry.translate(step["east"], step["north"])
        layer.changeGeometry(chosen.id(), geometry)
    elif step["kind"] == "delete":
        layer.deleteFeature(chosen.id())
    elif step["kind"] == "draw":
        feature = drawn(layer, step)
        blocked = fields_that_block(layer, feature)
        layer.addFeature(feature)
    elif step["kind"] == "paste":
        copy = QgsFeature(chosen)  # as Ctrl-C, Ctrl-V: all attributes come along, id and batch_id too
        copy["code"] = step["new_code"]
        geometry = QgsGeometry(copy.geometry())
        geometry.translate(step["east"], step["north"])
        copy.setGeometry(geometry)
        layer.addFeature(copy)
    if step.get("save_and_go_on"):
        layer.commitChanges(False)
        layer.changeAttributeValue(chosen.id(), layer.fields().indexOf(step["column"]), step["save_and_go_on"])
    if "meanwhile" in step:
        edit(task, step["meanwhile"])
    saved = layer.commitChanges()
    errors = layer.commitErrors()
    if not saved:
        layer.rollBack()
    codes = sorted(str(f["code"]) for f in layer.getFeatures())
    return {"saved": saved, "errors": list(errors), "codes": codes, "blocked": blocked}


def fields_that_block(layer: Any, feature: Any) -> list[str]:
    """Name the fields for which the form would not let the feature be saved: hard constraints that its values break."""
    hard = QgsFieldConstraints.ConstraintStrengthHard
    return [
        field.name()
        for number, field in enumerate(layer.fields())
        if not QgsVectorLayerUtils.validateAttribute(layer, feature, number, hard)[0]
    ]


def drawn(layer: Any, step: Task) -> Any:
    """Make a new feature with some attributes; the others take the database's defaults."""
    provider = layer.dataProvider()
    feature = QgsFeature(layer.fields())
    for number, field in enumerate(layer.fields()):
        clause = provider.defaultValueClause(number)
        if clause:
            feature.setAttribute(number, clause)
        if field.name() in step["values"]:
            feature.setAttribute(number, step["values"][field.name()])
    feature.setGeometry(QgsGeometry.fromWkt(step["wkt"]))
    return feature


def describe_collections(url: str, names: list[str]) -> Task:
    """Open collections of an OGC API by QGIS's OAPIF provider."""
    answer = {}
    for name in names:
        layer = QgsVectorLayer(f"url='{url}' typename='{name}'", name, "OAPIF")
        answer[name] = {
            "valid": layer.isValid(),
            "error": layer.error().message(),
            "read": sum(1 for _ in layer.getFeatures()) if layer.isValid() else 0,
            "crs": layer.crs().authid(),
            "fields": [field.name() for field in layer.fields()],
        }
    return answer


def main() -> None:
    """Do the task."""
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    messages: list[str] = []
    application.messageLog().messageReceived.connect(lambda text, tag, level: messages.append(f"{tag}: {text}"))
    answer: Task = {"layers": {}, "edits": [], "oapif": {}}
    opened = []
    for layer in task.get("layers", ()):
        vector = open_table(task, layer)
        answer["layers"][layer["name"]] = describe(vector)
        if task.get("pictures") and vector.isValid():
            opened.append(vector)
            path = Path(task["pictures"]) / f"{layer['name']}.png"
            answer["layers"][layer["name"]]["colors_drawn"] = draw([vector], path)
            answer["layers"][layer["name"]]["labels_drawn"] = {
                str(scale): labels_drawn(vector, scale) for scale in task.get("scales", ())
            }
        answer["layers"][layer["name"]]["styles_found"] = styles_found(task, layer)
    answer["edits"] = [edit(task, step) for step in task.get("edits", ())]
    if task.get("oapif"):
        answer["oapif"] = describe_collections(task["oapif"], task["collections"])
    answer["messages"] = messages
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    opened.clear()
    QgsProject.instance().clear()
    application.exitQgis()


if __name__ == "__main__":
    main()
