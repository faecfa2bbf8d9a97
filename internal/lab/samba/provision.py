"""Makes the databases of a domain: provision.py TARGET REALM NETBIOS HOST ADDRESS UNIX_USER

What `samba-tool domain provision` does, without the access lists of sysvol, which need root and a file system with
extended attributes. Then the units, the service account and what is delegated to it. Passwords come on standard input.
TARGET/etc/smb.conf must exist."""
import logging
import os
import sys

import ldb
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import FILL_FULL, provision
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

target, realm, netbios, host, address, unix_user = sys.argv[1:7]
admin_password, service_password = sys.stdin.read().split("\n")[:2]
smbconf = os.path.join(target, "etc", "smb.conf")
lp = LoadParm()
lp.load(smbconf)
provision(logging.getLogger("provision"), system_session(), smbconf=smbconf, targetdir=target, lp=lp,
          realm=realm, domain=netbios, hostname=host, hostip=address, adminpass=admin_password,
          serverrole="dc", samdb_fill=FILL_FULL, dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
          dns_backend="SAMBA_INTERNAL", dns_forwarder=None, base_schema="2012_R2", root=unix_user,
          skip_sysvolacl=True, batch_mode=True, plaintext_secrets=False)

sam = SamDB(os.path.join(target, "private", "sam.ldb"), session_info=system_session(), lp=lp)
base = str(sam.domain_dn())
for unit in "People", "Groups", "Service":
    sam.add({"dn": "OU=%s,%s" % (unit, base), "objectClass": "organizationalUnit"})
service = "CN=svc-rekey,OU=Service," + base
sam.add({"dn": service, "objectClass": "user", "sAMAccountName": "svc-rekey",
         "userPrincipalName": "svc-rekey@" + realm.lower(), "userAccountControl": "66048",
         "clearTextPassword": service_password.encode("utf-16-le")})
# The administrator's password would expire after 42 days, as a user's does.
sam.modify_ldif("dn: CN=Administrator,CN=Users,%s\nchangetype: modify\nreplace: userAccountControl\n"
                "userAccountControl: 66048\n" % base)

sid = sam.schema_format_value("objectSid", sam.search(service, ldb.SCOPE_BASE, attrs=["objectSid"])[0]["objectSid"][0])
sid = sid.decode()
user = "bf967aba-0de6-11d0-a285-00aa003049e2"
grants = [
    ("CR", "00299570-246d-11d0-a768-00aa006e0529"),    # Reset Password
    ("RPWP", "28630ebf-41d5-11d1-a9c1-0000f80367c1"),  # lockoutTime
    ("RPWP", "bf967a0a-0de6-11d0-a285-00aa003049e2"),  # pwdLastSet
]
descriptors = SDUtils(sam)
descriptors.dacl_add_ace("OU=People," + base, "".join("(OA;CIIO;%s;%s;%s;%s)" % (r, g, user, sid) for r, g in grants))
descriptors.dacl_add_ace("CN=Password Settings Container,CN=System," + base, "(A;CI;RPLCLORC;;;%s)" % sid)
