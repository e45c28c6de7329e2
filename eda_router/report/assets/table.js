// The table of nets: searched, sorted, and only the rows in sight exist, so 64 000 stay quick.

const ROW = 30; // pixels, as in page.css

class NetTable {
  constructor(element, columns, total, handlers) {
    this.element = element;
    this.columns = columns;
    this.total = total;
    this.handlers = handlers;
    this.order = [];
    this.active = -1; // place in order
    this.selected = -1; // net
    this.sortKey = null;
    this.descending = false;
    this.head = element.querySelector(".head");
    this.body = element.querySelector(".body");
    this.space = element.querySelector(".space");
    this.rows = [];
    const tracks = columns.map(({ least, share }) => `minmax(${least}px, ${share}fr)`).join(" ");
    element.style.setProperty("--tracks", tracks);
    const least = columns.reduce((sum, column) => sum + column.least, 0);
    element.style.setProperty("--least", `${least + 14}px`);
    element.setAttribute("aria-colcount", columns.length);
    for (const column of columns) this.head.append(this.#header(column));
    this.body.addEventListener("scroll", () => this.#paint(), { passive: true });
    this.body.addEventListener("keydown", (event) => this.#key(event));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      this.#choose(Number(row.dataset.place));
      this.handlers.tap();
    });
    new ResizeObserver(() => this.#paint()).observe(this.body);
  }

  #header(column) {
    const cell = document.createElement("div");
    cell.setAttribute("role", "columnheader");
    cell.className = column.text ? "cell" : "cell number";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = column.label;
    button.title = column.title;
    button.addEventListener("click", () => this.sort(column.key));
    cell.append(button);
    cell.dataset.key = column.key;
    return cell;
  }

  sort(key) {
    // Numbers begin with the largest: that is what one looks for.
    const column = this.columns.find((c) => c.key === key);
    this.descending = this.sortKey === key ? !this.descending : !column.text;
    this.sortKey = key;
    this.#arrange();
    this.body.scrollTop = 0;
    this.#paint();
  }

  show(nets) {
    this.order = nets;
    this.#arrange();
    this.active = -1;
    this.body.scrollTop = 0;
    this.#paint();
  }

  #arrange() {
    const column = this.columns.find((c) => c.key === this.sortKey);
    if (column) {
      const value = column.value;
      const sign = this.descending ? -1 : 1;
      const compare = column.text
        ? (a, b) => sign * collator.compare(value(a), value(b)) || a - b
        : (a, b) => sign * (value(a) - value(b)) || a - b;
      this.order = Array.from(this.order).sort(compare);
    }
    for (const cell of this.head.children) {
      const on = cell.dataset.key === this.sortKey;
      cell.setAttribute("aria-sort", on ? (this.descending ? "descending" : "ascending") : "none");
    }
    this.active = this.order.indexOf(this.selected);
  }

  #paint() {
    this.space.style.height = `${this.order.length * ROW}px`;
    this.element.setAttribute("aria-rowcount", this.order.length + 1);
    const first = Math.max(0, Math.floor(this.body.scrollTop / ROW) - 4);
    const last = Math.min(this.order.length, first + Math.ceil(this.body.clientHeight / ROW) + 9);
    while (this.rows.length < last - first) {
      const row = document.createElement("div");
      row.className = "row";
      row.setAttribute("role", "row");
      for (const column of this.columns) {
        const cell = document.createElement("div");
        cell.className = column.text ? "cell" : "cell number";
        cell.setAttribute("role", "gridcell");
        row.append(cell);
      }
      this.space.append(row);
      this.rows.push(row);
    }
    this.rows.forEach((row, i) => {
      const place = first + i;
      row.hidden = place >= last;
      if (row.hidden) return;
      const net = this.order[place];
      row.id = `net-row-${place}`;
      row.dataset.place = place;
      row.style.transform = `translateY(${place * ROW}px)`;
      row.setAttribute("aria-rowindex", place + 2);
      row.setAttribute("aria-selected", net === this.selected);
      row.classList.toggle("active", place === this.active);
      this.columns.forEach((column, c) => {
        const cell = row.children[c];
        cell.textContent = column.show(net);
        cell.classList.toggle("bad", Boolean(column.bad && column.bad(net)));
      });
    });
    if (this.active >= first && this.active < last) {
      this.body.setAttribute("aria-activedescendant", `net-row-${this.active}`);
    } else {
      this.body.removeAttribute("aria-activedescendant");
    }
  }

  // Mark a net that was chosen elsewhere, and bring its row into sight.
  mark(net) {
    this.selected = net;
    this.active = this.order.indexOf(net);
    if (this.active >= 0) this.#reveal();
    this.#paint();
  }

  #choose(place) {
    if (place < 0 || place >= this.order.length) return;
    this.active = place;
    this.selected = this.order[place];
    this.#reveal();
    this.#paint();
    this.handlers.choose(this.selected);
  }

  #reveal() {
    const top = this.active * ROW;
    const seen = this.body.clientHeight;
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    else if (top + ROW > this.body.scrollTop + seen) this.body.scrollTop = top + ROW - seen;
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.body.clientHeight / ROW) - 1);
    const last = this.order.length - 1;
    const target = {
      ArrowDown: Math.min(this.active + 1, last),
      ArrowUp: Math.max(this.active - 1, 0),
      PageDown: Math.min(this.active + page, last),
      PageUp: Math.max(this.active - page, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (target !== undefined) {
      this.#choose(target);
      event.preventDefault();
    } else if (event.key === "Enter" || event.key === " ") {
      if (this.active >= 0) this.handlers.open(this.order[this.active]);
      event.preventDefault();
    }
  }
}

const collator = new Intl.Collator("en", { numeric: true });

// "net12 pins>5 stage:maze": words sought in the name, and conditions on columns.
function parseQuery(text, columns) {
  const tests = [];
  for (const word of text.trim().toLowerCase().split(/\s+/).filter(Boolean)) {
    const match = word.match(/^([a-zΔ×]+\d*)(>=|<=|=|>|<)(-?[\d.]+)$/);
    const column = match && columns.find((c) => !c.text && c.key === match[1]);
    if (column) {
      const limit = Number(match[3]);
      const compare = {
        ">": (v) => v > limit,
        "<": (v) => v < limit,
        "=": (v) => v === limit,
        ">=": (v) => v >= limit,
        "<=": (v) => v <= limit,
      }[match[2]];
      tests.push((net) => compare(column.value(net)));
      continue;
    }
    const label = word.match(/^([a-z]+):(.+)$/);
    const texts = label && columns.find((c) => c.text && c.key === label[1]);
    if (texts) {
      tests.push((net) => texts.value(net).toLowerCase().includes(label[2]));
    } else {
      tests.push((net, model) => model.lowerNames[net].includes(word));
    }
  }
  return tests;
}
