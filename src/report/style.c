/* SPDX-License-Identifier: MIT */
/* style.c - the page's style sheet
 *
 * Two colours carry meaning, blue for what is pristine (or a caption) and orange for what is
 * degraded (or heard); they differ in hue and in lightness for every kind of colour vision, and
 * never carry it alone: lines are dashed, marks have shapes, pictures have names. All text has a
 * contrast of 4.5 and more in both modes.
 */

#include "report/style.h"

#include <stddef.h>

const char *const pt_report_css[] = {
    /* colours */
    ":root{color-scheme:light dark;--paper:#f7f6f3;--card:#fff;--ink:#1c1e22;--soft:#575d67;"
    "--line:#dedbd4;--rule:#ebe8e2;--blue:#0a63a8;--orange:#b9480a;--wash:#e8f0f8;--warn:#fff3dc;"
    "--warnline:#d9941e;--m0:#0a63a8;--m1:#c2560c;--m2:#9c4a04;--m3:#d98a1f;--m4:#8379b8;--m5:#"
    "4b2383}"
    "@media(prefers-color-scheme:dark){:root{--paper:#121418;--card:#1a1d23;--ink:#e9e7e2;"
    "--soft:#a7adb8;--line:#343942;--rule:#282c34;--blue:#72b8f3;--orange:#f79d52;--wash:#1d2b3a;"
    "--warn:#33280f;--warnline:#b9822a;--m0:#72b8f3;--m1:#f79d52;--m2:#f2912c;--m3:#fcc98a;"
    "--m4:#b7b0dc;--m5:#8f7fd0}}",

    /* frame */
    "*{box-sizing:border-box}"
    "html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}"
    "@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"
    "'Segoe UI',Roboto,'DejaVu Sans',sans-serif;overflow-wrap:anywhere}"
    ".skip{position:absolute;left:-999em}.skip:focus{left:1em;top:1em;background:var(--card);"
    "padding:.5em 1em;z-index:2}"
    "header,main,footer{max-width:1120px;margin:0 auto;padding:0 20px}"
    "header{padding-top:40px}"
    ".brand{margin:0;color:var(--soft);font-size:.85rem;letter-spacing:.14em;text-transform:"
    "uppercase}"
    "h1{margin:.1em 0 .2em;font-size:clamp(1.7rem,5vw,2.6rem);line-height:1.15;font-weight:650;"
    "letter-spacing:-.015em}"
    "h2{margin:0 0 .3em;font-size:1.45rem;font-weight:650;letter-spacing:-.01em}"
    "h3{margin:0 0 .3em;font-size:1.02rem;font-weight:650}"
    "p{margin:.3em 0 1em;max-width:72ch}"
    ".soft,figcaption,.note{color:var(--soft)}.note{font-size:.92rem}"
    "a{color:var(--blue)}a:focus-visible,summary:focus-visible,audio:focus-visible,"
    ".scroll:focus-visible{outline:3px solid var(--blue);outline-offset:2px;border-radius:4px}"
    "nav{margin:18px 0 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}"
    "nav ul{display:flex;flex-wrap:wrap;gap:0 22px;list-style:none;margin:0;padding:0}"
    "nav a{display:block;padding:10px 0;text-decoration:none;font-size:.95rem}"
    "nav a:hover{text-decoration:underline}",

    /* summary */
    "section{margin:44px 0 0}"
    ".warn{background:var(--warn);border-left:4px solid var(--warnline);padding:12px 16px;"
    "margin:20px 0 0;border-radius:0 8px 8px 0;max-width:none}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px;"
    "margin:22px 0 0}"
    ".tiles div{background:var(--card);border:1px solid var(--line);border-radius:12px;"
    "padding:14px 16px;display:flex;flex-direction:column-reverse;justify-content:flex-end}"
    ".tiles dd{margin:0;font-size:1.65rem;font-weight:620;line-height:1.2;letter-spacing:-.01em;"
    "font-variant-numeric:tabular-nums}"
    ".tiles dd small{font-size:.95rem;font-weight:450;color:var(--soft)}"
    ".tiles dt{color:var(--soft);font-size:.88rem}"
    ".grid{display:grid;gap:18px;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))"
    "}"

    /* charts */
    "figure,.card{margin:0;background:var(--card);border:1px solid var(--line);border-radius:12px;"
    "padding:16px 18px;min-width:0}"
    "figcaption{font-size:.9rem;margin:.2em 0 0}figcaption h3{color:var(--ink)}"
    "svg{display:block;width:100%;height:auto}"
    "svg text{fill:var(--soft);font-size:12px;font-family:inherit}"
    ".wide text{font-size:9.5px}"
    ".axis{stroke:var(--soft);fill:none;stroke-width:1}.rule,.frame{stroke:var(--rule);fill:none}"
    ".frame{stroke:var(--line)}"
    ".bar,.cell{fill:var(--blue)}"
    ".median{stroke:var(--orange);stroke-width:2;stroke-dasharray:5 4;fill:none}"
    ".line{stroke:var(--ink);stroke-width:2;fill:none;stroke-linejoin:round}"
    ".line.alone{stroke:var(--orange);stroke-dasharray:6 4}"
    ".spread{fill:var(--blue);opacity:.2}"
    ".mark{opacity:.75}.m0{fill:var(--m0)}.m1{fill:var(--m1)}.m2{fill:var(--m2)}.m3{fill:var(--m3)}"
    ".m4{fill:var(--m4)}.m5{fill:none;stroke:var(--m5);stroke-width:1.5}"
    ".key{display:inline-block;width:1em;height:1em;vertical-align:-.12em;margin-right:.3em}"
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;margin:.4em 0 .8em;padding:0;"
    "font-size:.9rem;color:var(--soft)}"
    ".swatch{display:inline-block;width:1.6em;height:0;border-top:3px solid var(--ink);"
    "vertical-align:.28em;margin-right:.4em}"
    ".swatch.dash{border-top:3px dashed var(--orange)}"
    ".swatch.band{height:.8em;border:0;background:var(--blue);opacity:.35;vertical-align:-.08em}",

    /* tables */
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:var(--soft);font-size:.9rem;padding:0 0 .5em}"
    "th,td{padding:6px 10px;text-align:right;border-bottom:1px solid var(--rule);font-weight:400;"
    "white-space:nowrap}"
    "th:first-child,td:first-child{text-align:left;padding-left:0}"
    "td.text,th.text{text-align:left;white-space:normal}"
    "thead th{color:var(--soft);border-bottom-color:var(--line)}tbody th{font-weight:550}"
    ".share{width:45%;min-width:90px}"
    ".share span{display:block;height:.85em;border-radius:3px;background:var(--blue);min-width:1px}"
    ".matrix td{text-align:center;position:relative;min-width:3.6em}.matrix th{text-align:left}"
    ".matrix thead th{text-align:center}.matrix thead th:first-child{text-align:left}"
    ".matrix td i{position:absolute;inset:2px;background:var(--blue);border-radius:5px;z-index:0}"
    ".matrix td b{position:relative;font-weight:450;z-index:1}"
    "details{margin:.7em 0 0;font-size:.92rem}"
    "summary{cursor:pointer;color:var(--blue);width:max-content;max-width:100%;padding:2px 0}"
    "details[open]>summary{margin-bottom:.5em}"
    "pre{white-space:pre-wrap;font:.82rem/1.5 ui-monospace,SFMono-Regular,Consolas,'DejaVu Sans "
    "Mono',monospace;background:var(--paper);border:1px solid var(--line);border-radius:8px;"
    "padding:10px 12px;margin:0}",

    /* samples */
    ".samples{display:grid;gap:20px}"
    "article header{max-width:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 14px;"
    "align-items:baseline;justify-content:space-between}"
    ".purity{font-size:.92rem;color:var(--soft);font-variant-numeric:tabular-nums}"
    ".purity b{color:var(--ink);font-weight:620}"
    "blockquote{margin:.2em 0 .6em;padding:0;font-size:1.12rem;line-height:1.4}"
    ".damage{margin:0 0 1em;padding:0;list-style:none;font-size:.94rem}"
    ".damage li{margin:.1em 0}.damage b{font-weight:600}"
    ".pair{display:grid;gap:14px 22px;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),"
    "1fr))}"
    ".sound h4{margin:0 0 .3em;font-size:.92rem;font-weight:600;display:flex;gap:.5em;"
    "align-items:center}"
    ".sound h4::before{content:'';width:.7em;height:.7em;border-radius:50%;background:var(--blue)}"
    ".sound.bad h4::before{background:var(--orange);border-radius:0;transform:rotate(45deg) "
    "scale(.85)}"
    ".sound img{display:block;width:100%;height:96px;border-radius:6px;margin:8px 0;"
    "image-rendering:auto}"
    ".sound audio{display:block;width:100%;height:40px}"
    ".wave path{fill:none}.wave .pristine{stroke:var(--blue)}.wave .degraded{stroke:var(--orange)}"
    ".two{display:grid;gap:0 "
    "40px;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr))}"
    "dl.facts{display:grid;grid-template-columns:minmax(8em,max-content) 1fr;gap:4px 18px;margin:0;"
    "font-size:.92rem}dl.facts dt{color:var(--soft)}dl.facts dd{margin:0}"
    "footer{padding-top:40px;padding-bottom:60px;color:var(--soft);font-size:.9rem}"
    ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);"
    "white-space:nowrap}",

    /* a phone */
    "@media(max-width:520px){header,main,footer{padding-left:14px;padding-right:14px}"
    "header{padding-top:24px}section{margin-top:34px}figure,.card{padding:14px 12px}"
    "svg text{font-size:14px}.wide text{font-size:21px}.tiles{grid-template-columns:1fr 1fr}"
    ".matrix{font-size:.74rem}.matrix th,.matrix td{padding:6px 2px;min-width:0}"
    ".tiles dd{font-size:1.4rem}th,td{padding:6px}dl.facts{grid-template-columns:1fr;gap:0}"
    "dl.facts dd{margin-bottom:.6em}}",

    /* paper */
    "@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#bbb;--rule:#ddd;"
    "--blue:#0a63a8;--orange:#b9480a;--m0:#0a63a8;--m1:#c2560c;--m2:#9c4a04;--m3:#d98a1f;"
    "--m4:#8379b8;--m5:#4b2383;color-scheme:light}"
    "body{font-size:11pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}"
    "nav,.sound audio,.skip,summary{display:none}figure,.card,article,tr{break-inside:avoid}"
    "h2,h3{break-after:avoid}section{margin-top:24pt}.scroll{overflow:visible}"
    "header,main,footer{max-width:none;padding:0}"
    ".grid,.pair{grid-template-columns:1fr 1fr}.matrix{font-size:7.5pt}"
    ".matrix th,.matrix td{padding:4px 2px;min-width:0}"
    ".tiles{grid-template-columns:repeat(5,1fr)}}",
    NULL};
