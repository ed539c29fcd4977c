// A slider beside the field "as it was": it moves along the moments at which something was recorded. The field works without it.
(() => {
  "use strict";
  const place = document.querySelector("[data-slide]");
  const field = document.getElementById("as_of");
  const moments = place ? [...new Set(place.dataset.slide.split(" ").filter(Boolean))].sort() : [];
  if (!field || moments.length < 2) return;
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = "0";
  slider.max = String(moments.length - 1);
  slider.value = slider.max;
  slider.setAttribute("aria-label", place.dataset.label);
  // To the next full minute, so that what was recorded within it is seen.
  const local = (moment) => {
    const at = new Date(Date.parse(moment) + 60000);
    return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" }).format(at).replace(" ", "T");
  };
  slider.addEventListener("input", () => { field.value = local(moments[Number(slider.value)]); });
  place.append(slider);
})();
