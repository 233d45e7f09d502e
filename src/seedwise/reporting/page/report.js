(() => {
  "use strict";
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const make = (tag, set) => Object.assign(document.createElement(tag), set);

  // A link into a folded topic unfolds it.
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let e = target; e; e = e.parentElement) if (e.matches("details")) e.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  all("nav a").forEach(a => a.addEventListener("click", () => { if (a.hash === location.hash) unfold(); }));

  // Everything can be unfolded at once, such as to search or to print it.
  const nav = document.querySelector("nav");
  const fold = nav.appendChild(make("button", { type: "button", className: "unfold", textContent: "Unfold all" }));
  fold.addEventListener("click", () => {
    const open = fold.textContent === "Unfold all";
    all("details").forEach(e => { e.open = open; });
    fold.textContent = open ? "Fold all" : "Unfold all";
  });

  // The contents show where the reader is.
  const links = new Map(all("nav a").map(a => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver(entries => entries.forEach(({ target, isIntersecting }) => {
    if (!isIntersecting) return;
    links.forEach((a, id) => a.classList.toggle("on", id === target.id));
  }), { rootMargin: "0px 0px -85% 0px" });
  links.forEach((_, id) => { const e = document.getElementById(id); if (e) seen.observe(e); });

  // Ticks say which run they are, under the pointer and by the arrow keys.
  const tip = document.body.appendChild(make("div", { id: "tip", hidden: true, role: "status" }));
  const show = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    tip.style.left = `${Math.max(4, Math.min(x - tip.offsetWidth / 2, innerWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${y - tip.offsetHeight - 8 > 0 ? y - tip.offsetHeight - 8 : y + 24}px`;
  };
  all(".strip[tabindex]").forEach(svg => {
    const ticks = all("line", svg).map(line => ({ line, text: line.firstElementChild?.textContent ?? "", x: parseFloat(line.getAttribute("x1")), y: parseFloat(line.getAttribute("y2")) }));
    ticks.forEach(({ line }) => line.firstElementChild?.remove());
    ticks.sort((a, b) => a.x - b.x || b.y - a.y);
    let at = -1;
    const clear = () => { tip.hidden = true; ticks.forEach(({ line }) => line.classList.remove("at")); };
    const point = k => {
      clear();
      at = (k + ticks.length) % ticks.length;
      const box = ticks[at].line.getBoundingClientRect();
      ticks[at].line.classList.add("at");
      show(ticks[at].text, box.left, box.top);
    };
    svg.addEventListener("pointermove", event => {
      const box = svg.getBoundingClientRect(), x = 100 * (event.clientX - box.left) / box.width;
      const y = event.clientY - box.top, far = tick => 100 * Math.abs(tick.x - x) + Math.abs(tick.y - y);
      point(ticks.reduce((best, tick, k) => far(tick) < far(ticks[best]) ? k : best, 0));
    });
    svg.addEventListener("pointerleave", clear);
    svg.addEventListener("focus", () => { if (svg.matches(":focus-visible")) point(Math.max(at, 0)); });
    svg.addEventListener("blur", clear);
    svg.addEventListener("keydown", event => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) { event.preventDefault(); point(at + step); }
      if (event.key === "Escape") clear();
    });
  });
  all("abbr[title]").forEach(word => {
    const text = word.title;
    word.removeAttribute("title");
    word.setAttribute("aria-description", text);
    const here = () => { const box = word.getBoundingClientRect(); show(text, box.left + box.width / 2, box.top); };
    ["pointerenter", "focus"].forEach(event => word.addEventListener(event, here));
    ["pointerleave", "blur"].forEach(event => word.addEventListener(event, () => { tip.hidden = true; }));
  });

  // Tables are sorted by their headings, filtered, and copied.
  const texts = table => all("tr", table).filter(row => !row.hidden && row.closest("table") === table && !row.matches(".fold"))
    .map(row => [...row.cells].filter(cell => !cell.matches(".wide")).map(cell => cell.dataset.text ?? cell.innerText.replace(/\s+/g, " ").trim()));
  const latex = text => text.replace(/[\\&%$#_{}~^]/g, c => ({ "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" }[c] ?? `\\${c}`))
    .replace(/(?<![\w-])-(?=[.\d])|[<>]/g, c => `$${c}$`);
  const forms = {
    CSV: lines => lines.map(line => line.map(t => `"${(/^'*(=|\+|@|-(?![.\d]))/.test(t) ? "'" : "") + t.replace(/"/g, '""')}"`).join(",")).join("\n"),
    Markdown: ([head, ...lines]) => [head, head.map(() => "---"), ...lines]
      .map(line => `| ${line.map(t => t.replace(/\\/g, "\\\\").replace(/\|/g, "\\|").replace(/<(?=[A-Za-z/!?])/g, "&lt;")).join(" | ")} |`).join("\n"),
    LaTeX: ([head, ...lines]) => [`\\begin{tabular}{${"l".repeat(head.length)}}`, "\\toprule", `${head.map(latex).join(" & ")} \\\\`, "\\midrule",
      ...lines.map(line => `${line.map(latex).join(" & ")} \\\\`), "\\bottomrule", "\\end{tabular}"].join("\n"),
  };
  const value = text => { const found = text.replace(/^<\s*/, "").match(/^-?(\d+\.?\d*|\.\d+)/); return found ? parseFloat(found[0]) : null; };
  const tools = table => {
    const bar = make("div", { className: "tools" });
    for (const [name, form] of Object.entries(forms)) {
      const button = bar.appendChild(make("button", { type: "button", textContent: `Copy ${name}` }));
      button.addEventListener("click", async () => {
        const text = form(texts(table));
        try { await navigator.clipboard.writeText(text); } catch {
          const area = document.body.appendChild(make("textarea", { value: text }));
          area.select(); document.execCommand("copy"); area.remove(); button.focus();
        }
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = `Copy ${name}`; }, 1200);
      });
    }
    return bar;
  };
  all("table.data").forEach(table => {
    const bar = tools(table), rows = all("tbody tr", table);
    if (rows.length > 8) {
      const filter = make("input", { type: "search", placeholder: "Filter rows", ariaLabel: "Filter rows" });
      filter.addEventListener("input", () => rows.forEach(row => {
        row.hidden = !row.textContent.toLowerCase().includes(filter.value.toLowerCase());
      }));
      bar.prepend(filter);
    }
    table.parentElement.before(bar);
    if (rows.length < 2) return;
    all("thead th", table).forEach((head, k) => {
      const button = make("button", { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        all("thead th", table).forEach(other => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = row => row.cells[k].textContent.trim();
        rows.sort((a, b) => {
          const [x, y] = [value(key(a)), value(key(b))];
          const order = x === null && y === null ? key(a).localeCompare(key(b)) : x === null ? 1 : y === null ? -1 : x - y;
          return (x === null) !== (y === null) ? order : up ? order : -order;
        });
        table.tBodies[0].append(...rows);
      });
    });
  });
  all("table.main").filter(table => table.tHead).forEach(table => table.after(tools(table)));
})();
