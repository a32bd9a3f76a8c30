/* Draws the bars of 统计 from the figures that stand in the page; the tables need none of it. */
(() => {
  const ROW = 34;
  const HEIGHT = 168;
  const style = () => getComputedStyle(document.documentElement);
  const tone = (name) => style().getPropertyValue(name ? `--c-${name}-fg` : "--pd-accent").trim();
  const ink = (name) => style().getPropertyValue(`--pd-${name}`).trim();

  const option = ({ lines }) => ({
    animation: false,
    grid: { left: 8, right: 88, top: 4, bottom: 4, containLabel: true },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13 },
    xAxis: { type: "value", show: false, min: 0 },
    yAxis: {
      type: "category",
      inverse: true,
      data: lines.map((line) => line.label),
      axisLine: { lineStyle: { color: ink("line-2") } },
      axisTick: { show: false },
      axisLabel: { color: ink("text-2"), width: 132, overflow: "truncate" },
    },
    series: [
      {
        type: "bar",
        barMaxWidth: 18,
        cursor: "pointer",
        data: lines.map((line) => ({ value: line.size, itemStyle: { color: tone(line.tone), borderRadius: [0, 3, 3, 0] } })),
        label: { show: true, position: "right", color: ink("text"), formatter: ({ dataIndex }) => lines[dataIndex].text },
      },
    ],
  });

  // Months side by side; the years stand in the table.
  const upright = ({ lines }) => ({
    animation: false,
    grid: { left: 4, right: 4, top: 24, bottom: 4, containLabel: true },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13 },
    xAxis: {
      type: "category",
      data: lines.map(({ label }) => label.replace(/^\d+年(?=\d+月)/, "")),
      axisLine: { lineStyle: { color: ink("line-2") } },
      axisTick: { show: false },
      axisLabel: { color: ink("text-2"), fontSize: 12, interval: "auto" },
    },
    yAxis: { type: "value", show: false, min: 0 },
    series: [
      {
        type: "bar",
        barMaxWidth: 28,
        cursor: "pointer",
        data: lines.map((line) => ({ value: line.size, itemStyle: { color: tone(line.tone), borderRadius: [3, 3, 0, 0] } })),
        label: { show: true, position: "top", color: ink("text"), fontSize: 12, formatter: ({ dataIndex }) => lines[dataIndex].text },
      },
    ],
  });

  const draw = (box, picture) => {
    box.hidden = false;
    box.closest("[data-chart-panel]")?.removeAttribute("hidden");
    const canvas = document.createElement("div");
    canvas.style.height = `${picture.upright ? HEIGHT : picture.lines.length * ROW + 8}px`;
    box.append(canvas);
    const chart = echarts.init(canvas);
    const paint = () => chart.setOption((picture.upright ? upright : option)(picture));
    chart.on("click", ({ dataIndex }) => location.assign(picture.lines[dataIndex].url));
    paint();
    new ResizeObserver(() => chart.resize()).observe(canvas);
    new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const data = document.getElementById("insight-data");
    if (!data || !window.echarts) return;
    const pictures = JSON.parse(data.textContent);
    for (const box of document.querySelectorAll("[data-chart]")) {
      const picture = pictures[box.dataset.chart];
      if (picture && picture.lines.some((line) => line.size)) draw(box, picture);
    }
  });
})();
