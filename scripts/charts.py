"""Pictures and tables for the documents that scripts make of measurements: line charts as SVG, tables
as Markdown. Needs Python's standard library only.
"""

COLORS = ["#1b6ca8", "#c8553d", "#588157", "#7d4f9e"]


class Chart:
    """A picture of lines over two axes, as SVG."""

    WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 300, 52, 12, 30, 44

    def __init__(self, title, x_label, y_label, x_range, y_range):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.x_range, self.y_range = x_range, y_range
        self.parts, self.keys = [], []
        self.key_x = self.WIDTH - 138

    def x(self, value):
        low, high = self.x_range
        return self.LEFT + (value - low) / (high - low) * (self.WIDTH - self.LEFT - self.RIGHT)

    def y(self, value):
        low, high = self.y_range
        return self.HEIGHT - self.BOTTOM - (value - low) / (high - low) * (
            self.HEIGHT - self.TOP - self.BOTTOM)

    def text(self, x, y, text, anchor="middle", extra=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{text}</text>')

    def ticks(self, xs, ys):
        for value, label in xs:
            at = self.x(value)
            self.parts.append(f'<path class="grid" d="M{at:.1f},{self.TOP}V{self.HEIGHT - self.BOTTOM}"/>')
            self.text(at, self.HEIGHT - self.BOTTOM + 15, label)
        for value in ys:
            at = self.y(value)
            self.parts.append(f'<path class="grid" d="M{self.LEFT},{at:.1f}H{self.WIDTH - self.RIGHT}"/>')
            self.text(self.LEFT - 6, at + 4, f"{value:g}", "end")

    def line(self, points, color, key="", dash=""):
        path = "L".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        style = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2"{style}/>')
        for x, y in points if not dash else []:
            self.parts.append(f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="2.5" fill="{color}"/>')
        if key:
            self.keys.append((color, key))

    def draw(self):
        self.text(self.WIDTH / 2, 16, self.title, extra=' font-weight="bold"')
        self.text((self.LEFT + self.WIDTH) / 2, self.HEIGHT - 8, self.x_label)
        self.text(14, self.HEIGHT / 2, self.y_label, extra=f' transform="rotate(-90 14 {self.HEIGHT / 2})"')
        for i, (color, key) in enumerate(self.keys):
            y = self.TOP + 14 + 15 * i
            self.parts.append(f'<path d="M{self.key_x},{y - 4}h16" stroke="{color}" stroke-width="3"/>')
            self.text(self.key_x + 20, y, key, "start")
        return "\n".join(self.parts)


def write_svg(path, charts):
    width = sum(chart.WIDTH for chart in charts)
    with open(path, "w", encoding="utf-8") as out:
        out.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {Chart.HEIGHT}" '
                  'font-family="sans-serif" font-size="11">\n'
                  "<style>.grid{stroke:#ddd}</style>\n"
                  f'<rect width="{width}" height="{Chart.HEIGHT}" fill="white"/>\n')
        left = 0
        for chart in charts:
            out.write(f'<g transform="translate({left},0)">\n{chart.draw()}\n</g>\n')
            left += chart.WIDTH
        out.write("</svg>\n")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def nice_range(values, step):
    low, high = min(values), max(values)
    return step * (low // step), step * (high // step + 1)


def steps(limits, step):
    low, high = limits
    return [low + step * i for i in range(int(round((high - low) / step)) + 1)]
