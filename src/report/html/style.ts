/** The page's own style sheet: no network, both colour schemes, narrow screens, print. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#fff;--ink:#1d2430;--soft:#5d6675;--line:#e4e6ea;
--plain:#9aa3b2;--sdk:#d29a35;--optimized:#0f766e;--band:#eef0f3;--dot:#0f766e59;
--good:#1f7a4a;--good-bg:#e5f3ea;--bad:#b3261e;--bad-bg:#fbe9e7;--open:#7a5b00;--open-bg:#fbf1d6;--calm:#3f5f92;--calm-bg:#e8eef8;
--sim:#6b4a00;--sim-bg:#fdf3d7;--sim-line:#ecd595}
@media (prefers-color-scheme:dark){:root{--paper:#12151a;--card:#191d24;--ink:#e6e9ee;--soft:#9ba5b4;--line:#2b313b;
--plain:#7d8798;--sdk:#d9a94f;--optimized:#3fb8ab;--band:#242a33;--dot:#3fb8ab66;
--good:#76cf9b;--good-bg:#173326;--bad:#ff9d92;--bad-bg:#3d1d1b;--open:#eccb75;--open-bg:#372d13;--calm:#a9c3ee;--calm-bg:#1c2a42;
--sim:#f2d68d;--sim-bg:#352a0c;--sim-line:#5a4815}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:8px 24px 72px}
h1{font-size:clamp(1.55rem,4.2vw,2.3rem);line-height:1.2;letter-spacing:-.02em;margin:.5rem 0 .75rem;max-width:24em;text-wrap:balance}
h2{font-size:1.25rem;letter-spacing:-.01em;margin:3.25rem 0 .35rem}
h3{font-size:.95rem;margin:1.75rem 0 .5rem}
h3::first-letter{text-transform:uppercase}
p{margin:.35rem 0;max-width:46em}
a{color:inherit}
.soft,.lead li{color:var(--soft)}
.small{font-size:.85rem}
.simulated{position:sticky;top:0;z-index:2;background:var(--sim-bg);color:var(--sim);border-bottom:1px solid var(--sim-line);padding:.5rem 24px;font-size:.88rem}
.simulated div{max-width:1032px;margin:0 auto}
.simulated strong{letter-spacing:.06em}
.top{display:flex;flex-wrap:wrap;gap:.4rem 1.25rem;align-items:baseline;padding:1.5rem 0 1.1rem;color:var(--soft);font-size:.88rem}
.brand{font-weight:650;color:var(--ink);font-size:1rem;letter-spacing:-.01em}
.pill{display:inline-block;border-radius:99px;padding:.1rem .65rem;font-size:.8rem;font-weight:600;white-space:nowrap;background:var(--band);color:var(--soft)}
.big{font-size:.92rem;padding:.2rem .85rem}
.passed,.faster{background:var(--good-bg);color:var(--good)}
.failed,.slower,.hung,.broken,.unexpected-pass{background:var(--bad-bg);color:var(--bad)}
.inconclusive,.expected-failure{background:var(--open-bg);color:var(--open)}
.equivalent{background:var(--calm-bg);color:var(--calm)}
.lead{padding:0;margin:.25rem 0 0;list-style:none}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.25rem;margin:.9rem 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th{font-weight:600;text-align:left;color:var(--soft);font-size:.78rem;vertical-align:bottom}
th,td{padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:middle}
tr:last-child>td,tr:last-child>th{border-bottom:0}
tbody th{color:var(--ink);font-size:.9rem}
.num{text-align:right}
.cell{display:grid;grid-template-columns:7.5rem minmax(12rem,1fr) minmax(13rem,1.25fr) 8.5rem;gap:.25rem 1.75rem;align-items:center;padding:1rem 0;border-bottom:1px solid var(--line)}
.cell:last-child{border-bottom:0}
.cell .name{font-weight:600}
.cell .name small{display:block;font-weight:400;color:var(--soft);font-size:.8rem}
.bar{display:grid;grid-template-columns:5.2rem 1fr 6rem;gap:.6rem;align-items:center;font-size:.82rem;line-height:1.75}
.bar i{display:block;height:.6rem;border-radius:3px;min-width:2px;background:var(--plain)}
.bar .sdk{background:var(--sdk)}.bar .optimized{background:var(--optimized)}
.bar b{text-align:right;font-weight:600;white-space:nowrap}
.bar b span{font-weight:400;color:var(--soft)}
.ratio{font-size:1.3rem;font-weight:650;letter-spacing:-.01em;line-height:1.2}
.ratio small{font-size:.8rem;font-weight:400;color:var(--soft);letter-spacing:0}
.plot{display:block;width:100%;height:auto;overflow:visible}
.plot text{font-size:9px;fill:var(--soft)}
.plot .band{fill:var(--band)}.plot .one{stroke:var(--soft);stroke-width:1}.plot .tick{stroke:var(--line);stroke-width:1}
.plot .dot{fill:var(--dot)}.plot .far{fill:none;stroke:var(--bad);stroke-width:1.2}
.plot .whisker{stroke:var(--optimized);stroke-width:3;stroke-linecap:round}.plot .point{fill:var(--optimized)}
.verdict{font-size:.82rem;color:var(--soft);line-height:1.5}
.stack{display:flex;height:.7rem;border-radius:4px;overflow:hidden;background:var(--band);margin:.6rem 0}
.stack i{display:block;min-width:3px}
.s-passed{background:#2f8f5b}.s-failed,.s-hung{background:#c8372d}.s-broken{background:#8a3ffc}.s-unexpected-pass{background:#e0700f}.s-expected-failure{background:#d9a441}.s-unsupported{background:#8d96a5}.s-skipped{background:#bcc4ce}
.counts{display:flex;flex-wrap:wrap;gap:.35rem .5rem}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--soft);font-size:.88rem;padding:.15rem 0}
details.case{border-left:3px solid var(--bad);padding:.1rem 0 .1rem .9rem;margin:.7rem 0}
details.case summary{color:var(--ink)}
pre,code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.84em}
pre{background:var(--band);border-radius:8px;padding:.75rem 1rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.3rem 1.5rem;margin:.5rem 0;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.cols{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:0 2rem}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
@media (max-width:820px){main{padding:4px 16px 48px}.simulated{padding:.5rem 16px;font-size:.8rem}
.cell{grid-template-columns:1fr;gap:.65rem;padding:1.1rem 0}.card{padding:.9rem 1rem}.cell .name small{display:inline;margin-left:.5rem}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media print{.simulated{position:static}body{background:#fff}details>*{display:block}.card{break-inside:avoid}}
`;
