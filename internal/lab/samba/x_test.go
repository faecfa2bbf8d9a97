package samba
import ("testing";"time";"os/exec";"os")
func TestX(t *testing.T){
 t0:=time.Now()
 d,err:=StartPair(t.Context(),Spec{})
 if err!=nil{t.Fatal(err)}
 t.Log(time.Since(t0), d.URLs())
 for range 6 {
 t0=time.Now()
 err=d.AwaitReplication(t.Context())
 t.Log(time.Since(t0),err)
 }
 for i,dc:=range d.dcs { b,_:=os.ReadFile(dc.join("log","out.log")); os.WriteFile("/tmp/out"+string(rune('0'+i)),b,0o644)}
 out,_:=exec.Command("sh","-c","ps -eo pid,ppid,pgid,rss,time,args | grep -E 'samba|python'").CombinedOutput()
 t.Log(string(out))
 t0=time.Now()
 if err:=d.Close();err!=nil{t.Error(err)}
 t.Log(time.Since(t0),err)
}
