// Domain names as octets (RFC 1035 §3.1, RFC 4343, RFC 2181 §11). A label may hold any octet, a dot
// included; two names are equal when their labels are, ASCII letter case aside.

