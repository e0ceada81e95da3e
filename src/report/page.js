// SPDX-License-Identifier: MIT
//<![CDATA[ the page is well-formed as XML, too
// page.js - sorts and filters the table of rows, and enlarges figures. The page is complete without it.
(() => {
  "use strict";
  const table = document.getElementById("rows-table");
  if (table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const shown = document.getElementById("rows-shown");
    const value = (row, column) => {
      const text = row.cells[column].textContent.replace(/\u2212/g, "-").replace(/[\u202f\u2009]/g, "");
      return text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text.toLowerCase();
    };
    const sort = (column, button) => {
      const up = button.getAttribute("aria-sort") !== "ascending";
      for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
      button.setAttribute("aria-sort", up ? "ascending" : "descending");
      const order = rows.map((row) => [value(row, column), row]);
      order.sort(([a], [b]) => {
        const kind = (typeof a === "string") - (typeof b === "string"); // numbers first
        return kind || (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
      });
      body.append(...order.map(([, row]) => row));
    };
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      cell.tabIndex = 0;
      cell.title = "sort by this column";
      cell.addEventListener("click", () => sort(column, cell));
      cell.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          sort(column, cell);
        }
      });
    });
    // Words that a row has to contain; "purity<10" and "loudness>-20" compare a column.
    const filter = document.getElementById("rows-filter");
    const names = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.name);
    const matches = (row, word) => {
      const found = word.match(/^(\w+)([<>=])(-?[\d.]+)$/);
      const column = found ? names.indexOf(found[1]) : -1;
      if (column < 0) return row.textContent.toLowerCase().includes(word);
      const number = value(row, column), limit = Number(found[3]);
      return typeof number === "number" &&
        (found[2] === "<" ? number < limit : found[2] === ">" ? number > limit : number === limit);
    };
    const update = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      for (const row of rows) {
        row.hidden = !words.every((word) => matches(row, word));
        n += !row.hidden;
      }
      shown.textContent = `${n} of ${rows.length} rows are shown`;
    };
    filter.addEventListener("input", update);
    document.getElementById("rows-controls").hidden = false;
    update();
  }
  for (const figure of document.querySelectorAll("figure")) {
    const chart = figure.querySelector("svg");
    if (!chart) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "zoom";
    button.textContent = "enlarge";
    button.addEventListener("click", () => {
      button.textContent = figure.classList.toggle("enlarged") ? "reduce" : "enlarge";
    });
    figure.prepend(button);
  }
})();
//]]>
