# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The page of stage2 play, in headless Chromium: what is shown of it, and whether one can
# step through it.

page=$TMP/collapse.html
rm -f "$page"
# How many steps there are is the engine's matter; where its window is, the page has to show.
run play collapse
last=$(printf '%s\n' "$said" | sed -n 's/^ *\([0-9]*\)  the end: .*/\1/p')
broken=$(printf '%s\n' "$said" | sed -n 's/^ *\([0-9]*\)  CPU0: cas L2\[0\]: table .* -> locked .*/\1/p')
run play collapse --html "$page"
result "a page is written, and nothing is said" [ "$status" = 0 -a -z "$said" -a -s "$page" ]
run play stage1-companion --html "$TMP/wrong.html"
result "a page of what is wrong: exit status 1" [ "$status" = 1 -a -s "$TMP/wrong.html" ]

# Nothing of it comes from elsewhere.
alone()
{
	said=$(grep -nE 'https?:|src=|href=|url\(|@import|<link|<iframe' "$1")
	[ -z "$said" ]
}
result "the page needs nothing but itself" alone "$page"

# Without scripts nobody hides a step, or shows buttons that do nothing.
plain_list()
{
	said=$(grep -nE 'class="step"[^>]*hidden' "$page")
	[ -z "$said" ] && [ "$(grep -c '<li class="step"' "$page")" = $((last + 1)) ] && grep -q '<nav id="controls".* hidden>' "$page"
}
result "without scripts it is a list of all steps" plain_list

escaped()
{
	printf 'title <b>"A" & B</b>\ncpu 0 map page0\n' >"$script"
	run play "$script" --html "$TMP/escaped.html"
	grep -qF '<h1>&lt;b&gt;&quot;A&quot; &amp; B&lt;/b&gt;</h1>' "$TMP/escaped.html"
}
result "a text of a script is no HTML" escaped

browser()
{
	timeout 60 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$TMP/chromium" \
		--virtual-time-budget=2000 "$@" 2>/dev/null
}

# Steps of the document that was dumped that are not hidden.
shown()
{
	printf '%s\n' "$said" | sed -n 's/.*<li class="step" id="step-\([0-9]*\)">.*/\1/p' | tr '\n' ' '
}

# dumps STEPS PAGE PART...: these steps are shown, and each part is there.
dumped()
{
	steps=$1
	said=$(browser --dump-dom "file://$2")
	shift 2
	[ "$(shown)" = "$steps " ] && has "$@"
}
result "with scripts it begins with one step, and has buttons" dumped 0 "$page" \
	"<span id=\"where\" role=\"status\">Step 0 of $last</span>" '<nav id="controls" aria-label="Steps">' \
	'<button type="button" id="back" disabled="">' '<button type="button" id="forth">'
result "a link leads to a step" dumped "$broken" "$page#step-$broken" ">Step $broken of $last<" "Window: L2[0] is broken by CPU0"

# with SCRIPT: the page, and what somebody does to it.
with()
{
	sed "s|</body>|<script>$1</script></body>|" "$page" >"$TMP/driven.html"
}
press='const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", {key: key, bubbles: true}));'
click='const click = (id) => document.getElementById(id).click();'
with "$click click(\"forth\"); click(\"forth\"); click(\"forth\"); click(\"back\");"
result "buttons step forth and back" dumped 2 "$TMP/driven.html" ">Step 2 of $last<"
with "$press press(\"ArrowRight\"); press(\"ArrowRight\"); press(\"ArrowLeft\"); press(\"ArrowRight\");"
result "keys step forth and back" dumped 2 "$TMP/driven.html" ">Step 2 of $last<"
with "$press press(\"End\"); press(\"ArrowRight\");"
result "there is no step behind the last" dumped "$last" "$TMP/driven.html" '<button type="button" id="forth" disabled="">' \
	"the end: no rule is broken"
with "$press press(\"End\"); press(\"Home\"); press(\"ArrowLeft\");"
result "nor before the first" dumped 0 "$TMP/driven.html" ">Step 0 of $last<"
with "$click click(\"all\");"
result "all steps at once" dumped "$(seq -s ' ' 0 "$last")" "$TMP/driven.html" ">Step 0 of $last<"

# painted NAME PAGE DARKEST LIGHTEST OPTION...: a picture of many colours, whose commonest one (the
# paper) is in this range of grey, and is not all of it.
painted()
{
	rm -f "$TMP/$1.png"
	name=$1 from=$3 to=$4
	browser --window-size=1000,1000 --screenshot="$TMP/$name.png" "file://$2" ${5+"$5"} >/dev/null
	said=$(pngtopnm "$TMP/$name.png" 2>&1 | ppmhist -noheader 2>&1)
	printf '%s\n' "$said" | awk -v from="$from" -v to="$to" '
		NR == 1 { grey = $4; most = $5 }
		{ all += $5; colours++ }
		END { exit !(colours > 40 && grey >= from && grey <= to && most < all * 0.95) }'
}
result "a picture of it, in light" painted light "$page#step-9" 240 255 --blink-settings=preferredColorScheme=1
result "and in dark" painted dark "$page#step-9" 10 40 --blink-settings=preferredColorScheme=0
# What it would say of an empty page.
echo '<!DOCTYPE html><title>-</title>' >"$TMP/empty.html"
blank()
{
	! painted empty "$TMP/empty.html" 0 255
}
result "an empty page would be noticed" blank
