package address

import "testing"

func TestHost(t *testing.T) {
	domains := Domains{
		Base:   []string{"example.com", "OSSlive", "oss.example.com"},
		CNAMEs: map[string]string{"media.example.org": "films", "192.0.2.9": "numbers", "live.localhost": "stage"},
	}
	for _, c := range []struct {
		authority string
		want      Host
	}{
		{"", Host{}},
		{"127.0.0.1:9000", Host{}},
		{"[::1]:9000", Host{}},
		{"::1", Host{}},
		{"[::ffff:127.0.0.1]", Host{}},

		{"localhost", Host{}},
		{"LOCALHOST.:9000", Host{}},
		{"demo.localhost:9000", Host{Label, "demo"}},
		{"DEMO.Localhost.:9000", Host{Label, "demo"}},
		{"a.b.localhost", Host{Kind: Unknown}},
		{".localhost", Host{Kind: Unknown}},
		{"notlocalhost", Host{Kind: Unknown}},

		{"osslive:9000", Host{}},
		{"demo.osslive:9000", Host{Label, "demo"}},
		{"demo.oss.example.com", Host{Label, "demo"}},
		{"demo.example.com", Host{Label, "demo"}},
		{"oss.example.com", Host{}}, // a base domain before it is a bucket of one
		{"example.com.", Host{}},

		{"media.example.org", Host{CNAME, "films"}},
		{"MEDIA.example.org.:80", Host{CNAME, "films"}},
		{"192.0.2.9:9000", Host{CNAME, "numbers"}},
		{"live.localhost", Host{CNAME, "stage"}},
		{"x.media.example.org", Host{Kind: Unknown}},

		{"oss-cn-hangzhou.aliyuncs.com", Host{}},
		{"OSS-cn-hangzhou-internal.Aliyuncs.com.", Host{}},
		{"oss-accelerate.aliyuncs.com", Host{}},
		{"oss.aliyuncs.com", Host{}},
		{"b.oss-cn-hangzhou.aliyuncs.com", Host{Label, "b"}},
		{"oss-b.oss-cn-hangzhou-internal.aliyuncs.com:80", Host{Label, "oss-b"}},
		{"b.oss.aliyuncs.com", Host{Label, "b"}},
		{"b.cn-hangzhou.oss.aliyuncs.com", Host{Label, "b"}},
		{".oss-cn-hangzhou.aliyuncs.com", Host{Kind: Label}},
		{"a.b.oss-cn-hangzhou.aliyuncs.com", Host{Kind: Unknown}},
		{"aliyuncs.com", Host{Kind: Unknown}},
		{"ecs.aliyuncs.com", Host{Kind: Unknown}},
		{"b.oss-cn-hangzhou.aliyuncs.com.evil.example", Host{Unknown, "b"}}, // not the cloud

		{"unknown.example.org", Host{Kind: Unknown}},
		{"oss", Host{Kind: Unknown}},
		{"b.oss", Host{Kind: Unknown}},
		{"b.oss.example.net:9000", Host{Unknown, "b"}},
		{"b.oss-local.example.net", Host{Unknown, "b"}},
		{".oss.example.net", Host{Kind: Unknown}},
	} {
		if got := domains.Host(c.authority); got != c.want {
			t.Errorf("Host(%q) = %+v, want %+v", c.authority, got, c.want)
		}
	}
}

func TestCloud(t *testing.T) {
	for host, want := range map[string]bool{
		"b.oss-cn-hangzhou.aliyuncs.com:80": true,
		"OSS-cn-hangzhou.ALIYUNCS.com.":     true,
		"aliyuncs.com":                      true,
		"notaliyuncs.com":                   false,
		"aliyuncs.com.example.org":          false,
		"127.0.0.1:9000":                    false,
	} {
		if got := Cloud(host); got != want {
			t.Errorf("Cloud(%q) = %v, want %v", host, got, want)
		}
	}
}
