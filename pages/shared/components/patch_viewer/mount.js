// What Streamlit calls when a viewer comes, and each time its data change; what it returns is called when it goes.

const mounted = new WeakMap();

export default function ({ data, parentElement }) {
  if (data.controls !== undefined) {
    const controls = mounted.get(parentElement) ?? new Controls(parentElement);
    mounted.set(parentElement, controls);
    controls.name = data.controls;
    redraw();
    return () => { mounted.delete(parentElement); controls.remove(); };
  }
  const views = mounted.get(parentElement) ?? { panels: [], root: document.createElement("div") };
  mounted.set(parentElement, views);
  views.root.className = "panels";
  parentElement.append(views.root);
  while (views.panels.length > data.panels.length) views.panels.pop().remove();
  while (views.panels.length < data.panels.length) {
    const panel = new PanelView();
    views.panels.push(panel);
    views.root.append(panel.figure);
  }
  views.panels.forEach((panel, number) => panel.set(data.panels[number], data.height));
  return () => {
    mounted.delete(parentElement);
    views.panels.forEach((panel) => panel.remove());
  };
}
