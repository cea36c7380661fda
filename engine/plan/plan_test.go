package plan

import "testing"

// closures are expressions that need no help from CEL.
var closures = map[string][]string{
	"logic": {
		"true", "user.flag", "!user.flag", "user.flag && user.country == 'DE'", "user.country == 'DE' && user.flag", "user.country == 'DE' || user.flag", "user.flag || user.country == 'DE' || user.clearance > 3",
		"user.flag && user.country == 'DE' && user.clearance > 3 && 'a' in user.tags", "(user.flag && user.country == 'DE') || (user.clearance == 4 && user.plan == 'pro')", "user.flag ? user.country == 'DE' : user.clearance > 3",
		"user.country == 'DE' ? true : 1 / 0 == 1", "1 / 0 == 1 || user.flag", "1 / 0 == 1 && user.flag", "!(user.flag && 10 / user.clearance > 1)", "user.flag == user.country.startsWith('D')", "user.flag != true",
		"has(user.tenant) && user.tenant == resource.tenant", "user.flag && true", "user.flag && false", "false || user.flag", "user.flag || true", "!has(user.country) || user.country == 'DE'",
		"10 / user.clearance > 1 || user.flag", "user.flag && 10 / user.clearance > 1 && user.country == 'FR'", "(user.flag ? user.country : user.plan) == 'DE'",
	},
	"compare": {
		"user.country == 'DE'", "'DE' == user.country", "user.country != 'DE'", "user.tenant == resource.tenant", "user.country < 'DF'", "user.country >= user.plan", "user.clearance == 4", "user.clearance >= 3", "3 < user.clearance",
		"user.clearance <= user.level", "user.score > 1.0", "user.score <= user.rate", "user.score == 1.5", "user.score / user.rate < 1.0", "0.0 / user.score == user.score", "0.0 / user.score < 1.0 || 0.0 / user.score >= 1.0", "user.since < env.time",
		"user.since == timestamp('2026-01-15T10:00:00Z')", "env.time >= timestamp('2026-01-01T00:00:00+02:00')", "user.ttl < duration('2m')", "user.ttl == user.grace", "user.host == ip('192.0.2.99')", "env.ip != user.host", "user.net == cidr('192.0.2.0/24')",
		"user.tags == ['a', 'b', 'äb']", "user.tags == user.roles", "user.labels == {'k': 'x', 'tenant': 'acme'}", "user.rows == [['a'], []]", "user.address == user.address", "user.scores != user.scores", "user.numbers == consts.numbers",
		"user.address.city == 'Köln'", "user.address.floor > 2", "has(user.address.floor) && user.address.floor > 2", "user.country == user.plan + user.plan", "user.tags == [user.country, 'b']",
	},
	"member": {
		"'admin' in user.roles", "user.id in user.groups", "user.country in ['DE', 'FR']", "user.country in consts.countries", "user.country in consts.few", "!(user.country in consts.countries)", "user.clearance in [1, 4]",
		"user.clearance in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "user.clearance in user.numbers", "user.country in [user.plan, resource.owner, 'DE']", "10 / user.clearance in [1, user.level]", "'k' in user.labels", "user.country in user.labels",
		"user.plan in consts.by_plan", "user.score in [0.5, 1.5]", "user.since in user.times", "user.ttl in [duration('90s')]", "env.ip in [ip('192.0.2.10')]", "user.net in user.nets", "user.tags in user.rows", "user.flag in user.flags", "true in user.flags",
		"'orders:' + action.name in user.scopes", "user.country in []", "user.since in [env.time, timestamp('2026-01-15T12:00:00+02:00')]", "action.name + ':' + user.country in consts.few",
	},
	"text": {
		"user.country.startsWith('D')", "user.country.endsWith(user.plan)", "user.country.contains('E')", "request.path.matches('^/tenants/.*$')", "request.path.matches('^/tenants/[a-z]+/orders$')", "request.path.matches('^.*/orders$')",
		"user.country.matches(consts.pattern)", "user.country.matches('^DE$')", "user.country.matches('^.*$')", "user.country.matches('.*E.*')", "user.country.size() == 2", "size(user.country + 'ä') == 3", "user.country.lowerAscii() == 'de'", "'äB'.upperAscii() == user.plan.upperAscii()",
		"(user.country + 'ÄX').lowerAscii() == 'deÄx'", "(' ' + user.country).trim() == 'DE'", "user.country.replace('D', user.plan) == 'proE'", "user.country.substring(1) == 'E'", "('ä' + user.country).substring(0, user.clearance) == 'ä'", "user.plan.substring(1, 2) == 'r'",
		"user.plan.substring(2, 1) == ''", "user.country.substring(user.level) == ''", "user.plan.charAt(user.clearance - 4) == 'p'", "user.plan.charAt(3) == ''", "(user.country + 'é').charAt(2) == 'é'", "user.country + '/' + user.plan == 'DE/pro'", "'DE/pro' == user.country + '/' + user.plan",
		"string(user.clearance) == '4'", "string(user.score) == '1.5'", "string(user.flag) == 'true'", "string(user.since) == '2026-01-15T10:00:00Z'", "string(timestamp('2026-01-15T10:00:00+02:00') + user.ttl) == 'x'", "string(user.ttl) == '90s'",
		"string(user.net) + string(user.host) == '192.0.2.0/24192.0.2.99'", "string(user.country) == 'DE'", "user.country.lowerAscii() in ['de', 'fr']",
	},
	"numbers": {
		"user.clearance + 1 == 5", "user.level - 1 < 0", "user.clearance * user.level == -8", "user.numbers[2] + user.clearance > 0", "user.numbers[2] * user.level > 0", "-user.level == 2", "-user.score < 0.0", "10 / user.clearance == 2", "10 % user.clearance == 2", "user.level / -1 == 2",
		"user.level % -1 == 0", "user.score * 2.0 + user.rate - 1.0 == 4.0", "user.score / user.rate > 0.5", "int(user.score) == 1", "double(user.clearance) == 4.0", "int('12') == 12", "int(user.country) == 1", "double(user.plan) == 1.0", "int(user.since) > 0", "int(user.ttl) == 90000000000",
		"user.tags.size() == 3", "size(user.labels) == 2", "user.numbers[user.clearance] == 0", "user.clearance + consts.n * 2 == 10 + common.limit - 7", "int(user.score * 1e300) == 0", "double(request.param('q').orValue('x')) == 1.0",
	},
	"times": {
		"env.time.getHours() == 23", "env.time.getHours('Europe/Berlin') == 0", "env.time.getDayOfWeek(consts.zone) == 5", "env.time.getMinutes('+05:30') == 0", "env.time.getDate('-00:45') == 15", "env.time.getFullYear() == 2026 && env.time.getMonth() == 0 && env.time.getDayOfYear() == 14",
		"env.time.getDayOfMonth() == 14 && env.time.getSeconds() == 5 && env.time.getMilliseconds() == 7", "user.ttl.getSeconds() == 90", "user.grace.getHours() == 1 && user.grace.getMinutes() == 90 && user.grace.getMilliseconds() > 0", "env.time - user.since > duration('13h')", "user.since + user.ttl > env.time",
		"user.ttl + user.since > env.time", "user.until - user.ttl < env.time", "user.until - user.since == user.ttl", "user.since + duration('1s') == user.since", "user.ttl + user.grace > duration('1h')", "user.ttl - user.grace < user.ttl", "date(env.time, 'Europe/Berlin') == '2026-01-16'",
		"date(env.time, 'UTC') in ['2026-01-15']", "clock(env.time, 'Europe/Berlin') >= '00:00' && clock(env.time, 'UTC') < '23:31'", "weekday(env.time, consts.zone) in ['friday']", "date(user.since, 'Pacific/Auckland') == '2026-01-15'", "clock(user.until, 'America/New_York') == '19:03'", "clock(user.until, 'Europe/Berlin') == '00:53'",
	},
	"network": {
		"cidr('192.0.2.0/24').containsIP(env.ip)", "user.net.containsIP(env.ip)", "user.net.containsIP('192.0.2.1')", "user.net.containsIP(user.country)", "user.net.containsCIDR(cidr('192.0.2.128/25'))", "user.net.containsCIDR(user.plan + '/24')", "user.nets.exists(n, n.containsIP(user.host))",
		"env.ip.family() == 4", "user.host.isLoopback()", "env.ip.isGlobalUnicast() && !env.ip.isUnspecified() && !env.ip.isLinkLocalUnicast() && !env.ip.isLinkLocalMulticast()", "user.net.masked() == user.net && user.net.prefixLength() == 24", "user.net.ip() == ip('192.0.2.0')", "user.net.isMask()",
		"ip(user.country) == env.ip", "cidr(user.country) == user.net", "isIP(user.country)", "isCIDR(string(user.net))", "ip.isCanonical(string(user.host))", "ip.isCanonical(user.country)", "ip('::ffff:1.2.3.' + user.plan) == env.ip",
	},
	"optional": {
		"user.?country.orValue('XX') == 'DE'", "user.?country.hasValue()", "user.?country.hasValue('DE')", "user.?labels[?'k'].orValue('y') == 'x'", "user.?labels.k.orValue('y') == 'x'", "user.?labels.?none.orValue('y') == 'x'", "user.labels[?user.plan].hasValue()", "user.labels.?k.value() == 'x'",
		"user.?labels['k'].orValue('z') == 'z'", "user.tags[?0].orValue('z') == 'a'", "user.tags[?user.clearance].hasValue()", "user.tags[?10 / user.clearance].hasValue()", "user.?tags[?1].orValue(user.country) == 'b'", "user.?address.?city.orValue('') == 'Köln'", "user.?address.floor.hasValue()",
		"user.?rows[?0][?0].orValue('') == 'a'", "user.?clearance.orValue(1) + 1 == 5", "user.?country.or(user.?plan).orValue('') == 'DE'", "user.?country.or(optional.of('x')).value() == 'x'", "user.?country == optional.of('DE')", "user.?clearance != user.?level", "user.?country.value() == 'DE'",
		"request.header('x-plan').orValue('') == 'pro'", "request.header('x-none').hasValue()", "request.header('x-two').hasValue()", "request.param('two').orValue('') == '1'", "request.header('accept') == request.param('q')", "request.header('x-plan').value() == user.plan", "(user.flag ? user.?country : user.?plan).orValue('') == 'DE'",
		"user.?country.optMap(c, c + '!').orValue('') == 'DE!'", "user.?country.optFlatMap(c, user.labels[?c]).hasValue()", "user.?clearance.optMap(c, c * 2).orValue(0) == 8", "user.?tags.optMap(t, t.size()).orValue(0) == 3", "request.header('x-plan').optMap(p, p == user.plan).orValue(false)",
		"optional.none().orValue(user.country) == 'DE'", "has(user.country)", "has(user.labels.k)", "has(user.address.floor)", "has(request.path) && has(request.body)", "has(request.body.amount) && request.body.amount > 10.0", "request.body.?kind.orValue('none') == 'none'", "user.?flag.orValue(false)",
		"user.?since.hasValue() && user.?ttl.orValue(duration('0s')) == user.ttl && user.?net.hasValue() && user.?host.hasValue() && user.?score.orValue(0.0) > 1.0",
	},
	"names": {
		".user.id == 'alice' && .user.country == 'DE'", "[1, user.clearance].exists(x, .user.id == 'alice' && x == 1)", "[2, 4].exists(common1, common1 == user.clearance)", "user.tags.exists(vars1, user.tags.exists(vars1, vars1 == 'b') && vars1 == 'a')",
	},
	"loops": {
		"user.groups.exists(g, g == 'ops')", "user.groups.exists(g, g == user.country)", "user.groups.all(g, g.startsWith('team-'))", "user.groups.exists_one(g, g == 'ops')", "user.tags.exists(x, user.numbers.exists(n, n > user.clearance && x == user.country))", "user.numbers.exists(n, 10 / n > 4)",
		"user.numbers.all(n, 10 / n < 4)", "user.numbers.all(n, 10 / n > -1)", "user.numbers.exists_one(n, 10 / n > 4)", "user.numbers.exists(n, 10 / n > 11)", "user.labels.exists(k, k == 'k')", "user.labels.all(k, user.labels[k] == 'x')", "user.labels.exists(k, v, v == 'acme' && k == 'tenant')",
		"user.tags.exists(i, x, i == 1 && x == 'b')", "user.tags.all(i, x, i < 3)", "user.tags.existsOne(i, x, x == 'b')", "[1, 2, 3].exists(x, x == user.clearance - 1)", "user.tags.exists(x, user.tags.exists(x, x == 'b') && x == 'a')", "user.rows.exists(r, r.exists(c, c == 'a'))", "user.tags.filter(x, x > 'a').size() == 2",
		"user.tags.map(x, x + '!') == ['a!', 'b!', 'äb!']", "user.tags.map(x, x != 'a', size(x)) == [1, 2]", "user.numbers.map(n, 10 / n)[0] == 10", "user.numbers.filter(n, 10 / n > 1 && user.flag).size() == 1", "user.numbers.filter(n, n > 0).map(n, n == 1).exists(b, b)", "user.tags.map(x, [x, x]).exists(p, p[0] == 'b')",
		"'b' in user.tags.filter(x, x != 'a')", "user.tags.map(x, x.size()) == [1, 1, 2]", "user.tags.exists(x, x in user.labels || x in consts.few || x in user.roles)", "user.tags.exists(x, x.matches('^ä.*$') && x.contains('b') && [x, user.country] == [x, x])", "user.counts.map(k, user.counts[k]).exists(n, n == 1)",
		"user.counts.exists(k, n, 1 / n == 1)", "user.counts.all(k, n, n >= 0)", "user.scores.exists(s, s < 0.0) && user.flags.exists(f, f) && user.times.all(t, t < env.time) && user.nets.exists(n, n == user.net)", "user.tags.exists(x, sets.contains(user.roles, [x]))",
		"user.numbers.exists(n, n == 2 && user.?country.optMap(c, c + string(n)).orValue('') == 'DE2')", "user.tags.exists(i, x, i > 0 && user.tags[i - 1] == 'a')", "user.tags.transformList(i, x, string(i) + x) == ['0a', '1b', '2äb']", "user.numbers.exists_one(n, user.country == 'DE' && n == 1)",
		"sets.intersects(user.groups, ['ops', user.country])", "sets.equivalent(user.roles, ['support', 'admin'])", "user.address.tags.exists(t, t == 'home')", "user.labels.map(k, k).size() == 2", "user.counts.filter(k, user.counts[k] > 0) == ['a']", "user.tags[0] == 'a'", "user.tags[user.level] == 'a'", "user.rows[0][0] == 'a'",
		"user.labels['k'] == 'x'", "user.labels[user.country] == 'x'", "user.labels.none == 'x'", "user.labels.?k.hasValue() && user.labels.k == 'x'", "consts.by_plan[user.plan].exists(x, x == 'x')", "user.counts.b == 0",
	},
	"variables": {
		"vars.same_tenant", "vars.same_tenant && vars.same_tenant", "vars.bad || vars.same_tenant", "vars.both", "!vars.bad", "vars.plan == 'pro' && vars.plan != user.country", "vars.country.orValue('') == 'DE'", "vars.country == vars.country", "'a' in vars.tags", "vars.twice > 3 && vars.twice < 9", "vars.half == 0.75",
		"vars.soon > user.since", "vars.lease > user.ttl", "vars.at == env.ip && vars.inside.containsIP(vars.at)", "vars.chosen.size() == 1 && vars.chosen == ['a']", "vars.low || vars.never", "user.tags.exists(x, vars.low && x == 'a')", "user.tags.exists(x, vars.chosen.exists(y, y == x) && x == 'a')",
		"common.local || common.risky", "common.risky || true", "common.names.exists(x, x in user.tags) && common.limit == 7", "user.groups.exists(g, user.tags.exists(t, vars.low || common.names.exists(n, n == t && g == 'ops')))", "vars.labels.k == 'x'", "vars.labels.?k.orValue('') == 'x'", "vars.address.hasValue()",
	},
	"obligations": {"user.country", "'plan=' + vars.plan + ';tenant=' + user.tenant", "user.flag ? user.country : 'none'", "user.?country.orValue('')", "string(user.clearance)", "user.tags[0]", "user.labels.k", "'const'"},
}

// TestClosures: what has closures comes to what CEL comes to.
func TestClosures(t *testing.T) {
	r := newRig(t)
	for topic, sources := range closures {
		t.Run(topic, func(t *testing.T) {
			r.TB = t
			for _, source := range sources {
				if f := r.agree(source).Fallbacks(); len(f) > 0 {
					t.Errorf("%s is left to CEL: %+v", source, f)
				}
			}
		})
	}
}
