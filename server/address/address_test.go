package address

import "testing"

func TestBucket(t *testing.T) {
	domains := []string{"example.com", "osslive", "oss.example.com"}
	for _, c := range []struct {
		authority string
		bucket    string
		ok        bool
	}{
		{"127.0.0.1:9000", "", false},
		{"[::1]:9000", "", false},
		{"localhost", "", false},
		{"localhost:9000", "", false},
		{"demo.localhost:9000", "demo", true},
		{"DEMO.Localhost.:9000", "demo", true},
		{"a.b.localhost", "", false},
		{"osslive:9000", "", false},
		{"demo.osslive:9000", "demo", true},
		{"demo.oss.example.com", "demo", true},
		{"oss.example.com", "oss", true}, // of example.com
		{"unknown.example.org", "", false},
		{"b.oss-cn-hangzhou.aliyuncs.com", "b", true},
		{"oss-b.oss-cn-hangzhou-internal.aliyuncs.com", "oss-b", true},
		{"oss-cn-hangzhou.aliyuncs.com", "", false},
		{".oss-cn-hangzhou.aliyuncs.com", "", true},
		{"", "", false},
	} {
		bucket, ok := Bucket(c.authority, domains)
		if ok != c.ok || ok && bucket != c.bucket {
			t.Errorf("Bucket(%q) = %q, %v; want %q, %v", c.authority, bucket, ok, c.bucket, c.ok)
		}
	}
}

func TestCloud(t *testing.T) {
	for host, want := range map[string]bool{
		"b.oss-cn-hangzhou.aliyuncs.com:80": true,
		"OSS-cn-hangzhou.ALIYUNCS.com.":     true,
		"aliyuncs.com":                      true,
		"notaliyuncs.com":                   false,
		"127.0.0.1:9000":                    false,
	} {
		if got := Cloud(host); got != want {
			t.Errorf("Cloud(%q) = %v, want %v", host, got, want)
		}
	}
}
