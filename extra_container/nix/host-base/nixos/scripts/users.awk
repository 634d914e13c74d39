# Input: passwd, group, shadow, ids and declared of the container as they are, then the system's list of accounts.
# Output: the same files with .new appended.
function free_id(table, low, high, step,    id) {
  for (id = low; id != high; id += step) if (!(id in table)) return id
  print "no free id between " low " and " high > "/dev/stderr"
  exit 1
}
FILENAME == "/etc/passwd" { passwd[$1] = $0; uid[$1] = $3; taken_uid[$3] = $1; next }
FILENAME == "/etc/group" { group[$1] = $0; gid[$1] = $3; taken_gid[$3] = $1; next }
FILENAME == "/etc/shadow" { shadow[$1] = $0; hash[$1] = $2; next }
FILENAME == "/var/lib/nixos/ids" {
  if ($1 == "user") { if (!($2 in uid)) uid[$2] = $3; taken_uid[$3] = $2 }
  else { if (!($2 in gid)) gid[$2] = $3; taken_gid[$3] = $2 }
  next
}
FILENAME == "/var/lib/nixos/declared" { was[$1 ":" $2] = 1; next }
$1 == "mutable" { mutable = ($2 == "true"); next }
$1 == "group" {
  order_group[++groups] = $2; members[$2] = $4
  if ($3 != "-") { gid[$2] = $3; taken_gid[$3] = $2 }
  next
}
$1 == "user" {
  order_user[++users] = $2
  if ($3 != "-") { uid[$2] = $3; taken_uid[$3] = $2 }
  primary[$2] = $4; gecos[$2] = $5; home[$2] = $6; shell[$2] = $7; kind[$2] = $8
  fixed[$2] = $10; initial[$2] = $11
  next
}
END {
  for (i = 1; i <= groups; i++) {
    name = order_group[i]; declared["group:" name] = 1
    if (!(name in gid)) { gid[name] = free_id(taken_gid, 999, 399, -1); taken_gid[gid[name]] = name }
    print name ":x:" gid[name] ":" members[name] > "/etc/group.new"
  }
  for (i = 1; i <= users; i++) {
    name = order_user[i]; declared["user:" name] = 1
    if (!(name in uid)) {
      uid[name] = kind[name] == "normal" ? free_id(taken_uid, 1000, 30000, 1) : free_id(taken_uid, 999, 399, -1)
      taken_uid[uid[name]] = name
    }
    password = "*"
    if (fixed[name] != "") password = fixed[name]
    else if (mutable && name in hash) password = hash[name]
    else if (initial[name] != "") password = initial[name]
    print name ":x:" uid[name] ":" gid[primary[name]] ":" gecos[name] ":" home[name] ":" shell[name] > "/etc/passwd.new"
    print name ":" password ":" today "::::::" > "/etc/shadow.new"
  }
  # Accounts that no system declared were made by hand in the container.
  if (mutable) {
    for (name in passwd) if (!(("user:" name) in declared) && !(("user:" name) in was)) {
      print passwd[name] > "/etc/passwd.new"
      if (name in shadow) print shadow[name] > "/etc/shadow.new"
    }
    for (name in group) if (!(("group:" name) in declared) && !(("group:" name) in was)) print group[name] > "/etc/group.new"
  }
  for (name in uid) print "user:" name ":" uid[name] > "/var/lib/nixos/ids.new"
  for (name in gid) print "group:" name ":" gid[name] > "/var/lib/nixos/ids.new"
  for (name in declared) print name > "/var/lib/nixos/declared.new"
}
